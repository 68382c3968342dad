#!/usr/bin/env bash
# Builds the web page into the folder that it is given; Maven calls this on every build, and when nothing has changed it ends at once.
#
# What the build needs comes from npm, pinned by package-lock.json and kept in ${SAMPO_HOME:-~/.sampo}/cache/web, so that only the first
# build needs a network. Nothing of it is run but Vite, and nothing of it but Preact and marked is in the page.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=$1
work=$2
cache=${SAMPO_HOME:-$HOME/.sampo}/cache/web

fail() { echo "web: $*" >&2; exit 1; }

need() { command -v "$1" >/dev/null || fail "$1 is missing; install Node.js 20.19 or newer, which brings it."; }

# Everything the result depends on, as one hash.
inputs() {
  (cd "$here" && find . -type f -not -path './node_modules/*' | LC_ALL=C sort | xargs -d '\n' sha256sum) | sha256sum | cut -d' ' -f1
}

# The folder with what package-lock.json names: another lock, another folder.
modules() {
  local folder reason
  folder=$cache/$(cat "$here/package.json" "$here/package-lock.json" | sha256sum | cut -c1-16)-$(uname -sm | tr ' ' -)
  if [ ! -d "$folder" ]; then
    need npm
    mkdir -p "$cache"
    local fetched
    fetched=$(mktemp -d "$cache/fetch.XXXXXX")
    cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$fetched"
    (cd "$fetched" && npm ci --ignore-scripts --prefer-offline --loglevel=error >/dev/null 2>"$fetched/error") || {
      reason=$(sed -nE 's/^npm (ERR!|error) code +//p' "$fetched/error" | head -1) || true
      rm -rf "$fetched"
      fail "npm could not fetch what the web page is built with (${reason:-no reason given}); check the network and 'npm config get registry', then build again."
    }
    # Another build may have been quicker, which is as good.
    mv -T "$fetched" "$folder" 2>/dev/null || rm -rf "$fetched"
  fi
  echo "$folder/node_modules"
}

command -v sha256sum >/dev/null || fail "sha256sum is missing; install it (coreutils)."
stamp=$(inputs)
if [ -f "$out/files" ] && [ -f "$work/stamp" ] && [ "$(cat "$work/stamp")" = "$stamp" ]; then exit 0; fi

need node
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' \
  || fail "Node.js $(node --version) is too old; install 20.19, 22.12 or newer."
installed=$(modules)
rm -rf "$work" && mkdir -p "$work/source"
(cd "$here" && cp -r index.html package.json vite.config.js src "$work/source")
ln -s "$installed" "$work/source/node_modules"
(cd "$work/source" && node node_modules/vite/bin/vite.js build --logLevel error --outDir "$work/page" >"$work/log" 2>&1) \
  || { cat "$work/log" >&2; fail "Vite could not build the page; its messages stand above."; }
rm -rf "$out" && mkdir -p "$(dirname "$out")"
mv "$work/page" "$out"
(cd "$out" && find . -type f -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum >"$work/files" && mv "$work/files" files)
echo "$stamp" >"$work/stamp"
