#!/usr/bin/env bash
# Makes a model of the true shape and vocabulary of Llama-3.2-1B with random weights, once, and prints its path: model.sh [TYPE].
# The type is Q4_K_M unless another is named, as llama.cpp's tools name it.
#
# What it says is noise; how fast it runs does not depend on the values of its weights. Needs 4 GB of disk and 2 GB of memory.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$("$here/peer.sh")
type=${1:-Q4_K_M}
model=$folder/llama-3.2-1b-random-$type.gguf
if [ ! -f "$model" ]; then
  echo "bench: writing a model of random weights, once; takes a minute or two ..." >&2
  java=$("$here/../../cluster/bin/java25")
  "$java" --enable-native-access=ALL-UNNAMED -Dsampo.native.dir="$folder/sampo/lib/native" --class-path "$folder/sampo/lib/*" \
    "$here/RandomModel.java" "$folder/source/models/ggml-vocab-llama-bpe.gguf" "$model.part" "$type"
  mv "$model.part" "$model"
fi
echo "$model"
