#!/usr/bin/env bash
# Builds llama.cpp's own programs, and a Sampo that runs on the very same libraries; prints the folder that holds both.
#
#   FOLDER/peer/bin   llama-server, llama-bench and their libraries
#   FOLDER/source     llama.cpp at the version that Sampo is built for
#   FOLDER/sampo      the distribution of this clone; its lib/native holds copies of the libraries in peer/bin
#
# The source comes from the npm package that brings Sampo its headers, so it is fetched and verified by Sampo's own build. Everything is
# kept below ${SAMPO_HOME:-~/.sampo}/cache/bench; a second call only looks whether Sampo has changed. Needs cmake, g++, git, Maven and npm.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
engine=$root/engines/llamacpp
version=$(sed -n 's/^version=//p' "$engine/natives.sh")
cache=${SAMPO_HOME:-$HOME/.sampo}/cache
folder=$cache/bench/$version

say() { echo "bench: $*" >&2; }
fail() { say "$*"; exit 1; }
need() { command -v "$1" >/dev/null || fail "$1 is missing; install it (for example 'apt install $2')."; }

need cmake cmake
need g++ g++
need git git
need python3 python3
mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9

# The ordinary build; it also leaves the verified package in the cache.
"$root/cluster/bin/sampo" version >&2

source_of_llama_cpp() {
  local name=node-llama-cpp-$version.tgz
  [ -f "$cache/npm/$name" ] || fail "$cache/npm/$name is missing: this clone was built against a llama.cpp of its own; build it without llama.cpp.home."
  (cd "$cache/npm" && awk -v name="$name" '$2 == name' "$engine/natives.sha256" | sha256sum --check --status) \
    || fail "$cache/npm/$name is damaged; delete it and build again."
  rm -rf "$folder/source.part" && mkdir -p "$folder/source.part"
  tar xzf "$cache/npm/$name" -C "$folder/source.part" --strip-components=2 package/llama/gitRelease.bundle
  git clone --quiet "$folder/source.part/gitRelease.bundle" "$folder/source.part/tree" 2>/dev/null \
    || fail "git cannot read llama.cpp's source bundle in $cache/npm/$name."
  mv "$folder/source.part/tree" "$folder/source"
  rm -rf "$folder/source.part"
}

# As llama.cpp's own documents say, for this machine's processor; without what would be fetched.
programs_of_llama_cpp() {
  local log=$folder/peer.log generator=()
  if command -v ninja >/dev/null; then generator=(-G Ninja); else need make make; fi
  say "building llama.cpp's programs, once; takes some minutes ..."
  rm -rf "$folder/peer"
  {
    cmake -S "$folder/source" -B "$folder/peer" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON -DLLAMA_BUILD_COMMON=ON \
      -DLLAMA_BUILD_UI=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \
      && cmake --build "$folder/peer" --parallel "$(nproc)" --target llama-server llama-bench
  } >"$log" 2>&1 || fail "llama.cpp does not build: $(grep -m1 -iE 'error' "$log" || echo 'no reason given'); see $log"
  touch "$folder/peer/complete"
}

# The distribution, with natives made by the ordinary script from a copy of what it reads: the clone's own build stays as it is.
sampo_on_the_same_libraries() {
  local twin=$folder/twin
  mkdir -p "$twin/engines/llamacpp/src/main" "$twin/cluster"
  cp -Rp "$engine/natives.sh" "$engine/natives.sha256" "$twin/engines/llamacpp/"
  rm -rf "$twin/engines/llamacpp/src/main/native" && cp -Rp "$engine/src/main/native" "$twin/engines/llamacpp/src/main/"
  cp -Rp "$root/cluster/bin" "$twin/cluster/"
  LLAMA_CPP_HOME=$folder/source LLAMA_CPP_LIB=$folder/peer/bin "$twin/engines/llamacpp/natives.sh" || fail "natives.sh failed; the reason stands above."
  mkdir -p "$folder/sampo"
  local part
  for part in bin conf lib; do
    rm -rf "$folder/sampo/$part" && cp -Rp "$root/cluster/target/sampo/$part" "$folder/sampo/"
  done
  rm -rf "$folder/sampo/lib/native" && cp -Rp "$twin/engines/llamacpp/target/native" "$folder/sampo/lib/"
}

[ -d "$folder/source" ] || source_of_llama_cpp
[ -f "$folder/peer/complete" ] || programs_of_llama_cpp
sampo_on_the_same_libraries
echo "$folder"
