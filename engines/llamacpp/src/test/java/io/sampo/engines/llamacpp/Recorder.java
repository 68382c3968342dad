package io.sampo.engines.llamacpp;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.SequenceListener;
import io.sampo.engines.spi.TokenLogprobs;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** Keeps what a sequence's listener hears and checks that it comes in the promised order. */
class Recorder implements SequenceListener {

  private final int firstIndex;
  private final List<Integer> tokens = new ArrayList<>();
  private final List<TokenLogprobs> logprobs = new ArrayList<>();
  private final List<String> mistakes = new ArrayList<>();
  private final CountDownLatch over = new CountDownLatch(1);
  private int cachedTokens = -1;
  private @Nullable FinishReason finish;
  private @Nullable EngineException failure;

  Recorder(int firstIndex) {
    this.firstIndex = firstIndex;
  }

  int firstIndex() {
    return firstIndex;
  }

  @Override
  public synchronized void onStarted(int cached) {
    expect(cachedTokens < 0 && !isOver(), "started twice or late");
    cachedTokens = cached;
    notifyAll();
  }

  @Override
  public synchronized void onTokens(int index, int[] ids, TokenLogprobs @Nullable [] given) {
    expect(cachedTokens >= 0 && !isOver(), "tokens out of turn");
    expect(index == firstIndex + tokens.size(), "index " + index + " after " + tokens.size());
    for (int id : ids) {
      tokens.add(id);
    }
    if (given != null) {
      logprobs.addAll(List.of(given));
    }
    notifyAll();
  }

  @Override
  public synchronized void onFinished(FinishReason reason) {
    expect(cachedTokens >= 0 && !isOver(), "finished out of turn");
    finish = reason;
    over.countDown();
  }

  @Override
  public synchronized void onFailed(EngineException reason) {
    expect(!isOver(), "failed after the end");
    failure = reason;
    over.countDown();
  }

  private boolean isOver() {
    return over.getCount() == 0;
  }

  private void expect(boolean holds, String mistake) {
    if (!holds) {
      mistakes.add(mistake);
    }
  }

  /** Waits until that many tokens have come. */
  synchronized void awaitTokens(int count) throws InterruptedException {
    long deadline = System.nanoTime() + SECONDS.toNanos(30);
    while (tokens.size() < count) {
      long left = deadline - System.nanoTime();
      if (left <= 0 || isOver()) {
        throw new AssertionError("only " + tokens + " came, then " + finish + " " + failure);
      }
      wait(left / 1_000_000 + 1);
    }
  }

  /** Waits for the end and checks that all was in order. */
  Recorder awaitEnd() throws InterruptedException {
    if (!over.await(30, SECONDS)) {
      throw new AssertionError("the sequence did not end; it has " + tokens());
    }
    synchronized (this) {
      if (!mistakes.isEmpty()) {
        throw new AssertionError(mistakes.toString());
      }
    }
    return this;
  }

  synchronized List<Integer> tokens() {
    return List.copyOf(tokens);
  }

  synchronized List<TokenLogprobs> logprobs() {
    return List.copyOf(logprobs);
  }

  synchronized int cachedTokens() {
    return cachedTokens;
  }

  synchronized @Nullable FinishReason finish() {
    return finish;
  }

  synchronized @Nullable EngineException failure() {
    return failure;
  }
}
