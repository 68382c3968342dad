package io.sampo.engines.spi;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes down what an engine says of one sequence, and each breach of the order in which it must
 * say it. Its waits have a deadline of 60 seconds.
 */
public final class RecordingListener implements SequenceListener {

  private static final Duration DEADLINE = Duration.ofSeconds(60);

  private final List<String> breaches = new ArrayList<>();
  private final List<TokenLogprobs> logprobs = new ArrayList<>();
  private int[] ids = new int[0];
  private int firstIndex;
  private int cachedTokens = -1;
  private @Nullable FinishReason reason;
  private @Nullable EngineException failure;

  @Override
  public synchronized void onStarted(int cached) {
    expect(cachedTokens < 0 && ids.length == 0 && !ended(), "onStarted must come once and first");
    expect(cached >= 0, "cached tokens are negative");
    cachedTokens = cached;
    notifyAll();
  }

  @Override
  public synchronized void onTokens(
      int first, int[] more, TokenLogprobs @Nullable [] moreLogprobs) {
    expect(cachedTokens >= 0 && !ended(), "onTokens must come after onStarted and before the end");
    expect(more.length > 0, "onTokens without tokens");
    int before = ids.length;
    firstIndex = before == 0 ? first : firstIndex;
    expect(first == firstIndex + before, "an index is left out or repeated");
    ids = Arrays.copyOf(ids, before + more.length);
    System.arraycopy(more, 0, ids, before, more.length);
    if (moreLogprobs != null) {
      expect(moreLogprobs.length == more.length, "as many log probabilities as tokens");
      logprobs.addAll(Arrays.asList(moreLogprobs));
    }
    notifyAll();
  }

  @Override
  public synchronized void onFinished(FinishReason why) {
    expect(!ended(), "a second end");
    reason = why;
    notifyAll();
  }

  @Override
  public synchronized void onFailed(EngineException why) {
    expect(!ended(), "a second end");
    failure = why;
    notifyAll();
  }

  /** Waits until at least this many tokens have come. */
  public synchronized RecordingListener awaitTokens(int count) {
    await(() -> ids.length >= count || ended(), count + " tokens");
    if (ids.length < count) {
      throw new AssertionError("ended after " + ids.length + " of " + count + " tokens: " + this);
    }
    return this;
  }

  /** Waits until the sequence has ended, and checks that all was said in order. */
  public synchronized RecordingListener awaitEnd() {
    await(this::ended, "the end");
    if (!breaches.isEmpty()) {
      throw new AssertionError("order of calls: " + breaches);
    }
    return this;
  }

  public synchronized boolean ended() {
    return reason != null || failure != null;
  }

  /** The tokens so far. */
  public synchronized int[] ids() {
    return ids;
  }

  /** The index of the first token; -1 before it. */
  public synchronized int firstIndex() {
    return firstIndex;
  }

  /** What {@code onStarted} said; -1 before it. */
  public synchronized int cachedTokens() {
    return cachedTokens;
  }

  public synchronized List<TokenLogprobs> logprobs() {
    return List.copyOf(logprobs);
  }

  /** Why it finished, or null. */
  public synchronized @Nullable FinishReason reason() {
    return reason;
  }

  /** Why it failed, or null. */
  public synchronized @Nullable EngineException failure() {
    return failure;
  }

  @Override
  public synchronized String toString() {
    return "%d tokens from %d, reason %s, failure %s, breaches %s"
        .formatted(ids.length, firstIndex, reason, failure, breaches);
  }

  private void expect(boolean holds, String rule) {
    if (!holds) {
      breaches.add(rule);
    }
  }

  private void await(BooleanSupplier happened, String what) {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    while (!happened.getAsBoolean()) {
      long millis = (deadline - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        throw new AssertionError("waited in vain for " + what + ": " + this);
      }
      try {
        wait(millis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted while waiting for " + what, e);
      }
    }
  }
}
