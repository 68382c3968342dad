#!/usr/bin/env bash
# Talks to a running endpoint with the real 'openai' client from npm and prints 'N passed, N failed'.
#
#   openai.sh [URL] [MODEL]    http://127.0.0.1:8080/v1 and the first model it lists, where nothing is given
#   OPENAI_API_KEY             where the endpoint wants a key
#
# The client is installed into a temporary folder that is gone afterwards. It expects a model that writes text, such as
# stories15m, or one that embeds, and checks what that is for.
set -euo pipefail

version=7.55.0
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "openai.sh: $tool is missing; install Node.js 20 or later." >&2; exit 1; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" "openai@$version" >"$folder/log" 2>&1 \
  || { tail -n 5 "$folder/log" >&2; echo "openai.sh: npm could not install openai@$version; check the network and 'npm config get registry'." >&2; exit 1; }
cp "$here/openai.mjs" "$folder/"
node "$folder/openai.mjs" "$@"
