package io.sampo.engines.modelstore.gguf;

/**
 * The numbers of a network that decide how large its key and value cache is, read from metadata and
 * bounded so that arithmetic on them cannot overflow.
 */
record ModelShape(
    int trainedContextTokens,
    int layers,
    int embeddingLength,
    int vectorLength,
    int heads,
    int kvHeads,
    int vocabularySize,
    long kvElementsPerToken) {

  private static final long MAX_CONTEXT = 1L << 30;
  private static final long MAX_LAYERS = 512;
  private static final long MAX_WIDTH = 1L << 24;

  static ModelShape of(GgufFile file, String architecture) {
    ArchitectureKeys keys = new ArchitectureKeys(file, architecture);
    int layers = keys.number("block_count", MAX_LAYERS, 0);
    int embedding = keys.number("embedding_length", MAX_WIDTH, 0);
    int[] heads = keys.perLayer("attention.head_count", layers, 0);
    int most = ArchitectureKeys.most(heads);
    int[] kvHeads =
        keys.has("attention.head_count_kv")
            ? keys.perLayer("attention.head_count_kv", layers, 0)
            : heads;
    int headLength = most == 0 ? 0 : embedding / most;
    long keyLength = keys.number("attention.key_length", MAX_WIDTH, headLength);
    long valueLength = keys.number("attention.value_length", MAX_WIDTH, headLength);
    long kvElements = 0;
    for (int layer = 0; layer < layers; layer++) {
      kvElements += kvHeads[layer] * (keyLength + valueLength);
    }
    return new ModelShape(
        keys.number("context_length", MAX_CONTEXT, 0),
        layers,
        embedding,
        vectorLength(keys, embedding),
        most,
        ArchitectureKeys.most(kvHeads),
        vocabularySize(file, keys),
        kvElements);
  }

  /** What llama.cpp takes from each row of the network's output, which is as wide as its stream. */
  private static int vectorLength(ArchitectureKeys keys, int embedding) {
    int length = keys.number("embedding_length_out", embedding, 0);
    return length == 0 ? embedding : length;
  }

  private static int vocabularySize(GgufFile file, ArchitectureKeys keys) {
    return (int)
        file.arrayLength("tokenizer.ggml.tokens")
            .orElseGet(() -> keys.number("vocab_size", MAX_WIDTH, 0));
  }
}
