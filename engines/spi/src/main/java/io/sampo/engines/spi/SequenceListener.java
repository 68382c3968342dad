package io.sampo.engines.spi;

import org.jspecify.annotations.Nullable;

/**
 * Hears of one sequence, on the engine's thread. Calls come in this order: {@code onStarted} once,
 * {@code onTokens} any number of times with growing indexes, then exactly one of {@code onFinished}
 * and {@code onFailed}.
 */
public interface SequenceListener {

  /**
   * The engine has begun with the prompt.
   *
   * @param cachedTokens leading tokens of the prompt that need no computing
   */
  void onStarted(int cachedTokens);

  /**
   * The next tokens of the answer. The token that ends the text is not among them.
   *
   * @param firstIndex the index of the first one in the whole answer; negative for tokens of the
   *     prompt, see {@link SequenceRequest#firstIndex}
   * @param ids the tokens; the listener may keep the array
   * @param logprobs one for each token, or null when none were asked for
   */
  void onTokens(int firstIndex, int[] ids, TokenLogprobs @Nullable [] logprobs);

  void onFinished(FinishReason reason);

  void onFailed(EngineException failure);
}
