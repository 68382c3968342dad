package io.sampo.engines.spi;

/**
 * Hears of one {@link EmbeddingRequest}, on the engine's thread: {@code onVector} once for each
 * input, in any order, then exactly one of {@code onFinished} and {@code onFailed}. After a failure
 * or a cancel some vectors may not have come.
 */
public interface EmbeddingListener {

  /**
   * An input is computed.
   *
   * @param input its index
   * @param vector pooled as the model says. Of a model that embeds it has length 1 in Euclid's norm
   *     (or is all zero); of one that ranks its first number is the score. The listener may keep it
   */
  void onVector(int input, float[] vector);

  /**
   * The end.
   *
   * @param reason STOP when all inputs are computed, else CANCELLED
   */
  void onFinished(FinishReason reason);

  void onFailed(EngineException failure);
}
