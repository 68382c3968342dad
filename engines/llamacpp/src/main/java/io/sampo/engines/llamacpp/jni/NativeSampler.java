package io.sampo.engines.llamacpp.jni;

import io.sampo.engines.spi.Sampling;

/** Chooses the tokens of one sequence. Used by one thread. */
public final class NativeSampler implements AutoCloseable {

  private long handle;

  /**
   * @param sampling validated: ids inside the vocabulary, numbers in range
   * @param history what penalties look back on: the prompt
   * @param contextTokens what a look-back of -1 means
   */
  public NativeSampler(NativeModel model, Sampling sampling, int[] history, int contextTokens) {
    int repeatLast = sampling.repeatLastTokens();
    handle =
        create(
            model.handle(),
            sampling.temperature(),
            sampling.topK(),
            sampling.topP(),
            sampling.minP(),
            sampling.typicalP(),
            sampling.repeatPenalty(),
            repeatLast < 0 ? contextTokens : repeatLast,
            sampling.frequencyPenalty(),
            sampling.presencePenalty(),
            sampling.seed(),
            sampling.choice(),
            sampling.logitBiasIds(),
            sampling.logitBiases(),
            sampling.ignoreEndOfText(),
            sampling.topLogprobs(),
            history);
  }

  /** For this package: what stands in the sampler column of a step. */
  long handle() {
    if (handle == 0) {
      throw new IllegalStateException("the sampler was closed");
    }
    return handle;
  }

  @Override
  public void close() {
    if (handle != 0) {
      free(handle);
      handle = 0;
    }
  }

  private static native long create(
      long model,
      float temperature,
      int topK,
      float topP,
      float minP,
      float typicalP,
      float repeatPenalty,
      int repeatLast,
      float frequencyPenalty,
      float presencePenalty,
      long seed,
      int choice,
      int[] biasIds,
      float[] biases,
      boolean ignoreEnd,
      int topLogprobs,
      int[] history);

  private static native void free(long sampler);
}
