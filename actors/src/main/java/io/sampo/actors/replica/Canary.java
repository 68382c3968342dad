package io.sampo.actors.replica;

import io.sampo.engines.spi.EmbeddingListener;
import io.sampo.engines.spi.EmbeddingRequest;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.ModelTask;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceListener;
import io.sampo.engines.spi.SequenceRequest;
import io.sampo.engines.spi.TokenLogprobs;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks an engine for one token, or for one vector where that is what it makes: readiness is earned
 * by producing, not by having loaded, and earned again when nothing was produced for a while.
 */
final class Canary implements SequenceListener, EmbeddingListener {

  /** Apart from the ids a replica counts upward from 0. */
  private static final SequenceId ID = new SequenceId(-1);

  private final CompletableFuture<Boolean> produced = new CompletableFuture<>();

  private Canary() {}

  /** Calls back once, on some thread, with whether the engine answered in time. */
  static void ask(Engine engine, Duration limit, Consumer<Boolean> answer) {
    Canary canary = new Canary();
    var _ =
        canary
            .produced
            .completeOnTimeout(false, limit.toMillis(), TimeUnit.MILLISECONDS)
            .thenAccept(
                inTime -> {
                  engine.cancel(ID);
                  answer.accept(inTime);
                });
    try {
      int[] prompt = {Math.min(1, engine.capabilities().vocabularySize() - 1)};
      if (engine.capabilities().task() == ModelTask.GENERATE) {
        engine.submit(new SequenceRequest(ID, prompt, 0, 1, 1, Sampling.GREEDY), canary);
      } else {
        engine.embed(new EmbeddingRequest(ID, prompt, new int[] {prompt.length}), canary);
      }
    } catch (EngineException refused) {
      canary.produced.complete(false);
    }
  }

  @Override
  public void onStarted(int cachedTokens) {}

  @Override
  public void onTokens(int firstIndex, int[] ids, TokenLogprobs @Nullable [] logprobs) {}

  @Override
  public void onVector(int input, float[] vector) {}

  @Override
  public void onFinished(FinishReason reason) {
    produced.complete(true);
  }

  @Override
  public void onFailed(EngineException failure) {
    produced.complete(false);
  }
}
