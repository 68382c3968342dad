package io.sampo.engines.modelstore.gguf;

/** What llama.cpp takes for granted of the lists that describe tokens one by one. */
final class VocabularyRules {

  private static final String TOKENS = "tokenizer.ggml.tokens";
  private static final String SCORES = "tokenizer.ggml.scores";
  private static final String TYPES = "tokenizer.ggml.token_type";
  private static final String MERGES = "tokenizer.ggml.merges";

  /** These bound the memory this check takes; the largest known vocabularies have some 300 000. */
  private static final int MAX_TOKENS = 1 << 21;

  private static final int MAX_BYTES = 64 << 20;

  private VocabularyRules() {}

  /**
   * Checks the vocabulary of a file that has one.
   *
   * @throws GgufRejectedException when a rule is broken
   */
  static void check(GgufFile file) {
    if (!file.keys().contains(TOKENS)) {
      return;
    }
    require(file.elementType(TOKENS) == GgufValueType.STRING, "value must be strings", TOKENS);
    long count = file.arrayLength(TOKENS).orElse(0);
    require(count <= MAX_TOKENS, "tokens must be at most 2097152", TOKENS);
    checkPerToken(file, SCORES, GgufValueType.FLOAT32);
    checkPerToken(file, TYPES, GgufValueType.INT32);
    if (file.keys().contains(MERGES)) {
      require(file.elementType(MERGES) == GgufValueType.STRING, "value must be strings", MERGES);
    }
    int repeated = file.firstRepeated(TOKENS, MAX_BYTES);
    if (repeated >= 0) {
      throw new GgufRejectedException(
          "tokens must differ, number " + repeated + " repeats an earlier one", "key " + TOKENS);
    }
  }

  /** Scores may also be integers. */
  private static void checkPerToken(GgufFile file, String key, GgufValueType usual) {
    if (!file.keys().contains(key)) {
      return;
    }
    GgufValueType type = file.elementType(key);
    require(type == usual || type == GgufValueType.INT32, "value must be an array of numbers", key);
    require(
        file.arrayLength(key).orElse(0) >= file.arrayLength(TOKENS).orElse(0),
        "array must have an element for each token",
        key);
  }

  private static void require(boolean holds, String rule, String key) {
    if (!holds) {
      throw new GgufRejectedException(rule, "key ".concat(key));
    }
  }
}
