#!/usr/bin/env bash
# Runs our native code, without a JVM, under the address and undefined-behaviour sanitizers: sanitize.sh MODEL.gguf
# (a small one). The module must have been built; llama.cpp's own libraries are not instrumented.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$here/target/native
headers=$here/target/llama.cpp/source
[ $# = 1 ] && [ -f "$1" ] || { echo "usage: sanitize.sh MODEL.gguf" >&2; exit 2; }
[ -f "$out/libsampo_llama.so" ] && [ -d "$headers" ] || { echo "sanitize: build the module first (mvn -pl engines/llamacpp -am package)." >&2; exit 1; }

sources=()
for source in "$here"/src/main/native/*.cpp; do
  [ "$(basename "$source")" = jni.cpp ] || sources+=("$source")
done
libraries=()
for library in "$out"/lib*.so*; do
  if [ "$(basename "$library")" != libsampo_llama.so ] && readelf -d "$library" | grep -q '(SONAME)'; then libraries+=("$library"); fi
done

g++ -std=c++17 -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra -Werror \
  -I"$here/src/main/native" -isystem "$headers/include" -isystem "$headers/ggml/include" -isystem "$headers/common" \
  "${sources[@]}" "$here/src/test/native/exercise.cpp" -o "$here/target/exercise" \
  -Wl,--no-as-needed "${libraries[@]}" -Wl,-rpath-link,"$out" -Wl,-rpath,"$out" -lpthread
ASAN_OPTIONS=detect_leaks=1 exec "$here/target/exercise" "$out" "$1"
