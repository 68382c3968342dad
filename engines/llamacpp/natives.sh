#!/usr/bin/env bash
# Fills target/native: llama.cpp's libraries and our JNI library, compiled here against the headers of exactly that version.
#
# The libraries come prebuilt from npm, pinned by natives.sha256 and kept in ${SAMPO_HOME:-~/.sampo}/cache/npm, so that only the
# first build needs a network. Maven calls this on every build; when nothing has changed it ends at once.
#
#   LLAMA_CPP_VARIANT  cpu, cuda or vulkan; by default cuda where there is an NVIDIA device, else cpu
#   LLAMA_CPP_HOME     a llama.cpp of your own: a source tree with headers, built in its folder build/; or an install prefix
#   LLAMA_CPP_LIB      the folder with that llama.cpp's libraries, where it is elsewhere
set -euo pipefail

version=3.22.1
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$here/target/native
work=$here/target/llama.cpp
cache=${SAMPO_HOME:-$HOME/.sampo}/cache/npm
home=${LLAMA_CPP_HOME:-}
lib=${LLAMA_CPP_LIB:-}

fail() { echo "natives: $*" >&2; exit 1; }

need() { command -v "$1" >/dev/null || fail "$1 is missing; install it ($2)."; }

# linux-x64 and so on: how npm's packages name this machine.
platform() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) echo linux-x64 ;;
    Linux-aarch64 | Linux-arm64) echo linux-arm64 ;;
    *) fail "no prebuilt llama.cpp for $(uname -s) on $(uname -m); build llama.cpp yourself and give its folder with -Dllama.cpp.home=DIR." ;;
  esac
}

variant() {
  case "${LLAMA_CPP_VARIANT:-}" in
    cpu | cuda | vulkan) echo "$LLAMA_CPP_VARIANT" ;;
    '') if [ "$1" = linux-x64 ] && { [ -e /dev/nvidia0 ] || nvidia-smi -L >/dev/null 2>&1; }; then echo cuda; else echo cpu; fi ;;
    *) fail "llama.cpp.variant is '$LLAMA_CPP_VARIANT'; it must be cpu, cuda or vulkan." ;;
  esac
}

# Everything the result depends on, as one hash.
inputs() {
  {
    cat "$here/natives.sh" "$here/natives.sha256"
    find "$here/src/main/native" -type f | LC_ALL=C sort | xargs -d '\n' cat
    echo "$kind|$home|$lib|$(uname -sm)|$version"
    if [ -n "$home" ]; then ls -lL --time-style=full-iso "$own_libraries"; fi
  } | sha256sum | cut -d' ' -f1
}

library_folder() {
  if [ -n "$lib" ]; then echo "$lib"; return; fi
  local folder
  for folder in "$home/build/bin" "$home/build/lib" "$home/lib" "$home/lib64"; do
    if ls "$folder"/libllama.* >/dev/null 2>&1; then echo "$folder"; return; fi
  done
  fail "no libllama in $home/build/bin or $home/lib; build llama.cpp with -DBUILD_SHARED_LIBS=ON or give the folder with -Dllama.cpp.lib=DIR."
}

# Prints the path of a verified tarball: PACKAGE FILE.
tarball() {
  local wanted got file=$cache/$2
  wanted=$(awk -v name="$2" '$2 == name { print $1 }' "$here/natives.sha256")
  [ -n "$wanted" ] || fail "natives.sha256 lists no $2, so it is not trusted; build llama.cpp yourself and give its folder with -Dllama.cpp.home=DIR."
  if [ ! -f "$file" ]; then
    need npm "Node.js brings it"
    mkdir -p "$cache"
    local fetched
    fetched=$(mktemp -d "$cache/fetch.XXXXXX")
    (cd "$fetched" && npm pack --loglevel=error "$1@$version" >/dev/null 2>"$fetched/error") || {
      local reason
      reason=$(grep -m1 -E '^npm (ERR!|error) [^c]' "$fetched/error" | cut -c1-160) || true
      rm -rf "$fetched"
      fail "npm could not fetch $1@$version (${reason:-no reason given}); check the network and 'npm config get registry', then build again."
    }
    mv "$fetched/$2" "$file.part" && rm -rf "$fetched"
    got=$(sha256sum "$file.part" | cut -d' ' -f1)
    [ "$got" = "$wanted" ] || { rm -f "$file.part"; fail "$1@$version has sha256 $got, not the pinned $wanted; nothing was kept. Check where your npm registry gets its packages."; }
    mv "$file.part" "$file"
  fi
  got=$(sha256sum "$file" | cut -d' ' -f1)
  [ "$got" = "$wanted" ] || fail "$file is damaged (sha256 $got, not $wanted); delete it and build again."
  echo "$file"
}

# The libraries of one npm package, flat into $out: NAME.
bring() {
  local file
  file=$(tarball "@node-llama-cpp/$1" "node-llama-cpp-$1-$version.tgz")
  tar xzf "$file" -C "$out" --strip-components=3 --wildcards 'package/bins/*.so'
}

bring_prebuilt() {
  local name=$machine headers
  [ "$kind" = cpu ] || name=$machine-$kind
  bring "$name"
  # Drivers too old for the main package's CUDA find an older build of the kernels in the folder fallback/.
  if [ "$name" = linux-x64-cuda ]; then bring linux-x64-cuda-ext; fi
  headers=$(tarball node-llama-cpp "node-llama-cpp-$version.tgz")
  rm -rf "$work" && mkdir -p "$work"
  tar xzf "$headers" -C "$work" --strip-components=2 package/llama/gitRelease.bundle
  git clone --quiet --no-checkout "$work/gitRelease.bundle" "$work/source" 2>/dev/null || fail "git cannot read llama.cpp's source bundle; delete $cache and build again."
  git -C "$work/source" checkout --quiet HEAD -- include ggml/include common
  rm -rf "$work/gitRelease.bundle" "$work/source/.git"
  include=(-isystem "$work/source/include" -isystem "$work/source/ggml/include" -isystem "$work/source/common")
}

bring_own() {
  local file
  if [ -f "$home/common/chat.h" ]; then
    include=(-isystem "$home/include" -isystem "$home/ggml/include" -isystem "$home/common")
  else
    [ -f "$home/include/chat.h" ] || fail "no common/chat.h in $home; give llama.cpp's source folder with -Dllama.cpp.home=DIR."
    include=(-isystem "$home/include")
  fi
  # Each library once, under the name by which the others ask for it.
  for file in "$own_libraries"/libllama.so "$own_libraries"/libllama-common.so "$own_libraries"/libggml*.so; do
    [ -f "$file" ] || fail "$file is missing; build llama.cpp with -DBUILD_SHARED_LIBS=ON -DLLAMA_BUILD_COMMON=ON."
    cp -L "$file" "$out/$(soname "$file")"
  done
}

soname() {
  local name
  name=$(readelf -d "$1" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
  echo "${name:-$(basename "$1")}"
}

# Everything but backends that llama.cpp itself loads at run time (those have no SONAME).
linked() {
  local file
  for file in "$out"/lib*.so*; do
    if readelf -d "$file" | grep -q '(SONAME)'; then echo "$file"; fi
  done
}

# The kernels' variants, each with the instructions that its line in variants.flags names; other processors than x86-64 have none.
compile_variants() {
  local name flags pids=() pid
  variants=()
  [ "$(uname -m)" = x86_64 ] || return 0
  while read -r name flags; do
    # shellcheck disable=SC2086  # flags are several words
    g++ -std=c++17 -O3 -g1 -fPIC -fvisibility=hidden -Wall -Wextra -Werror $flags -c "$here/src/main/native/kernels/$name.cpp" -o "$work/$name.o" &
    pids+=($!)
    variants+=("$work/$name.o")
  done <"$here/src/main/native/kernels/variants.flags"
  for pid in "${pids[@]}"; do wait "$pid" || fail "g++ could not compile src/main/native/kernels; its messages stand above."; done
}

# Sources that are compiled for any processor.
plain_sources() {
  local file
  for file in "$here"/src/main/native/*.cpp "$here"/src/main/native/kernels/*.cpp; do
    grep -q "^$(basename "$file" .cpp) " "$here/src/main/native/kernels/variants.flags" || echo "$file"
  done
}

compile() {
  local java jdk libraries sources
  java=$("$root/cluster/bin/java25") || exit 1
  jdk=$(dirname "$(dirname "$java")")
  [ -f "$jdk/include/jni.h" ] || fail "$jdk has no include/jni.h; install a full JDK 25, not a JRE, or set SAMPO_JAVA_HOME to one."
  mapfile -t libraries < <(linked)
  mapfile -t sources < <(plain_sources)
  mkdir -p "$work"
  compile_variants
  g++ -std=c++17 -O3 -g1 -fPIC -shared -fvisibility=hidden -Wall -Wextra -Werror \
    -I"$jdk/include" -I"$jdk/include/linux" "${include[@]}" \
    -I"$here/src/main/native" "${sources[@]}" "${variants[@]}" -o "$out/libsampo_llama.so" \
    -Wl,--no-as-needed "${libraries[@]}" -Wl,-rpath-link,"$out" -Wl,-rpath,'$ORIGIN' -Wl,-z,defs -lpthread -ldl \
    || fail "g++ could not compile src/main/native; its messages stand above. This source is written for llama.cpp v0.5.0."
}

need sha256sum "coreutils"
if [ -n "$home" ]; then
  [ -d "$home" ] || fail "llama.cpp.home is no folder: $home"
  own_libraries=$(library_folder)
  kind=own
else
  machine=$(platform)
  kind=$(variant "$machine")
fi
stamp=$(inputs)
if [ -f "$out/.stamp" ] && [ "$(cat "$out/.stamp")" = "$stamp" ]; then exit 0; fi

need g++ "for example 'apt install g++'"
need readelf "for example 'apt install binutils'"
need git "for example 'apt install git'"
rm -rf "$out" && mkdir -p "$out"
if [ -n "$home" ]; then bring_own; else bring_prebuilt; fi
compile
echo "$stamp" >"$out/.stamp"
