package io.sampo.engines.llamacpp.jni;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.engines.spi.Grammar;
import io.sampo.engines.spi.Sampling;
import java.util.Arrays;

/** Chooses the tokens of one sequence. Used by one thread. */
public final class NativeSampler implements AutoCloseable {

  private final NativeHandle handle;

  /**
   * @param sampling validated: ids inside the vocabulary, numbers in range, a grammar that {@link
   *     NativeModel#compile} has taken
   * @param history what penalties look back on: the prompt
   * @param answered how many tokens at the history's end are the answer's, which its grammar has
   *     passed
   * @param recited how many tokens at the history's end are still to be told: they are chosen, as
   *     those of negative indexes, whatever the settings say
   * @param contextTokens what a look-back of -1 means
   */
  public NativeSampler(
      NativeModel model,
      Sampling sampling,
      int[] history,
      int answered,
      int recited,
      int contextTokens) {
    int repeatLast = sampling.repeatLastTokens();
    long created =
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
            history,
            recited);
    handle = new NativeHandle("sampler", created, NativeSampler::free);
    Grammar grammar = sampling.grammar();
    if (grammar != null) {
      obey(model, grammar, Arrays.copyOfRange(history, history.length - answered, history.length));
    }
  }

  private void obey(NativeModel model, Grammar grammar, int[] passed) {
    try {
      obey(
          handle.get(),
          model.handle(),
          grammar.text().getBytes(UTF_8),
          grammar.lazy(),
          NativeModel.bytes(grammar.triggerWords()),
          NativeModel.bytes(grammar.triggerPatterns()),
          grammar.triggerTokens(),
          grammar.prefill(),
          passed);
    } catch (RuntimeException refused) {
      close();
      throw refused;
    }
  }

  /** For this package: what stands in the sampler column of a step. */
  long handle() {
    return handle.get();
  }

  @Override
  public void close() {
    handle.close();
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
      int[] history,
      int recited);

  private static native void obey(
      long sampler,
      long model,
      byte[] grammar,
      boolean lazy,
      byte[][] triggerWords,
      byte[][] triggerPatterns,
      int[] triggerTokens,
      int[] prefill,
      int[] passed);

  private static native void free(long sampler);
}
