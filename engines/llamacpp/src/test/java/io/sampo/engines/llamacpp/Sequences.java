package io.sampo.engines.llamacpp;

import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.Priority;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceListener;
import io.sampo.engines.spi.SequenceRequest;
import io.sampo.engines.spi.TokenLogprobs;
import org.jspecify.annotations.Nullable;

/** Sequences for tests of what decides about them, where nobody listens and no token is sampled. */
final class Sequences {

  private static final SequenceListener NOBODY =
      new SequenceListener() {
        @Override
        public void onStarted(int cachedTokens) {}

        @Override
        public void onTokens(int firstIndex, int[] ids, TokenLogprobs @Nullable [] logprobs) {}

        @Override
        public void onFinished(FinishReason reason) {}

        @Override
        public void onFailed(EngineException failure) {}
      };

  private Sequences() {}

  static Sequence of(int... prompt) {
    return of(prompt, Integer.MAX_VALUE, Integer.MAX_VALUE);
  }

  static Sequence of(int[] prompt, int maxTokens, int tokenLimit) {
    return of(prompt, maxTokens, tokenLimit, Priority.NORMAL);
  }

  static Sequence of(int[] prompt, int maxTokens, int tokenLimit, int priority) {
    return new Sequence(
        new SequenceRequest(
            new SequenceId(0), prompt, 0, maxTokens, tokenLimit, Sampling.GREEDY, priority, null),
        NOBODY);
  }
}
