#!/usr/bin/env bash
# Runs our native code, without a JVM, under the address and undefined-behaviour sanitizers, on small models that it writes itself, and
# on one more if it is given: sanitize.sh [MODEL.gguf]. The module must have been built; llama.cpp's own libraries are not instrumented.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$here/target/native
headers=$here/target/llama.cpp/source
models=$here/target/exercise-models
store=$here/../modelstore/target/classes
[ $# = 0 ] || { [ $# = 1 ] && [ -f "$1" ]; } || { echo "usage: sanitize.sh [MODEL.gguf]" >&2; exit 2; }
[ -f "$out/libsampo_llama.so" ] && [ -d "$headers" ] && [ -d "$store" ] ||
  { echo "sanitize: build the module first (mvn -pl engines/llamacpp -am package)." >&2; exit 1; }

mkdir -p "$models"
java=$("$here/../../cluster/bin/java25")
"$java" --class-path "$store" "$here/src/test/native/Models.java" "$models"

kernels=$here/src/main/native/kernels
checked=(-std=c++17 -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra -Werror)
sources=()
for source in "$here"/src/main/native/*.cpp "$kernels"/*.cpp; do
  name=$(basename "$source" .cpp)
  [ "$name" = jni ] || grep -q "^$name " "$kernels/variants.flags" || sources+=("$source")
done
if [ "$(uname -m)" = x86_64 ]; then
  while read -r name flags; do
    # shellcheck disable=SC2086  # flags are several words
    g++ "${checked[@]}" $flags -c "$kernels/$name.cpp" -o "$here/target/exercise-$name.o"
    sources+=("$here/target/exercise-$name.o")
  done <"$kernels/variants.flags"
fi
libraries=()
for library in "$out"/lib*.so*; do
  if [ "$(basename "$library")" != libsampo_llama.so ] && readelf -d "$library" | grep -q '(SONAME)'; then libraries+=("$library"); fi
done

g++ "${checked[@]}" \
  -I"$here/src/main/native" -isystem "$headers/include" -isystem "$headers/ggml/include" -isystem "$headers/common" \
  "${sources[@]}" "$here"/src/test/native/*.cpp -o "$here/target/exercise" \
  -Wl,--no-as-needed "${libraries[@]}" -Wl,-rpath-link,"$out" -Wl,-rpath,"$out" -lpthread -ldl
ASAN_OPTIONS=detect_leaks=1 exec "$here/target/exercise" "$out" "$models" "$@"
