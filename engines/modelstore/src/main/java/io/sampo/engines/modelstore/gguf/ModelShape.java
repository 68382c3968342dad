package io.sampo.engines.modelstore.gguf;

import java.util.Arrays;

/**
 * The numbers of a network that decide how large its key and value cache is, read from metadata and
 * bounded so that arithmetic on them cannot overflow.
 */
record ModelShape(
    int trainedContextTokens,
    int layers,
    int embeddingLength,
    int heads,
    int kvHeads,
    int vocabularySize,
    long kvElementsPerToken) {

  private static final long MAX_CONTEXT = 1L << 30;
  private static final long MAX_LAYERS = 4096;
  private static final long MAX_WIDTH = 1L << 24;
  private static final long MAX_HEADS = 1L << 16;

  static ModelShape of(GgufFile file, String architecture) {
    Keys keys = new Keys(file, architecture);
    int layers = keys.number("block_count", MAX_LAYERS, 0);
    int embedding = keys.number("embedding_length", MAX_WIDTH, 0);
    int[] heads = keys.perLayer("attention.head_count", layers, 0);
    int most = Arrays.stream(heads).max().orElse(0);
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
        most,
        Arrays.stream(kvHeads).max().orElse(0),
        vocabularySize(file, keys),
        kvElements);
  }

  private static int vocabularySize(GgufFile file, Keys keys) {
    return (int)
        file.arrayLength("tokenizer.ggml.tokens")
            .orElseGet(() -> keys.number("vocab_size", MAX_WIDTH, 0));
  }

  /** Looks numbers up under the architecture's prefix. */
  private record Keys(GgufFile file, String architecture) {

    boolean has(String name) {
      return file.keys().contains(key(name));
    }

    int number(String name, long limit, int otherwise) {
      long value = file.integer(key(name)).orElse(otherwise);
      return bounded(value, limit, name);
    }

    /** One number for each layer, whether the file gives a list or one number for all. */
    int[] perLayer(String name, int layers, int otherwise) {
      int[] numbers = new int[layers];
      long[] list = file.integers(key(name)).orElse(null);
      if (list == null) {
        Arrays.fill(numbers, number(name, MAX_HEADS, otherwise));
        return numbers;
      }
      if (list.length < layers) {
        throw new GgufRejectedException(
            "array must have an element for each layer", "key " + key(name));
      }
      for (int i = 0; i < layers; i++) {
        numbers[i] = bounded(list[i], MAX_HEADS, name);
      }
      return numbers;
    }

    private int bounded(long value, long limit, String name) {
      if (value < 0 || value > limit) {
        throw new GgufRejectedException(
            "value must be 0 to " + limit + ", is " + value, "key " + key(name));
      }
      return (int) value;
    }

    private String key(String name) {
      return architecture + "." + name;
    }
  }
}
