package io.sampo.cluster.gateway.answer;

import io.sampo.actors.wire.Failure;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The answers that run in this gateway. A stop first refuses new ones, then waits for the rest.
 *
 * <p>Invariant: an answer counts from before its generation is asked for until it is over, and none
 * begins after {@link #drain}.
 */
public final class OpenAnswers {

  private final Set<AnswerControl> running = new HashSet<>();
  private final CompletableFuture<Void> drained = new CompletableFuture<>();
  private int count;
  private boolean draining;
  private @Nullable Failure cut;

  public synchronized boolean draining() {
    return draining;
  }

  public synchronized int running() {
    return count;
  }

  /** Counts an answer that is about to begin; false when none may. */
  synchronized boolean begin() {
    if (draining) {
      return false;
    }
    count++;
    return true;
  }

  /** The answer that was counted last by this caller runs under this control. */
  synchronized void runs(AnswerControl answer) {
    running.add(answer);
    if (cut != null) {
      answer.end(cut);
    }
    var _ = answer.over().thenRun(() -> ended(answer));
  }

  private synchronized void ended(AnswerControl answer) {
    running.remove(answer);
    count--;
    checkDrained();
  }

  /** Lets no new answer begin. Done when the last one that runs is over. */
  public synchronized CompletionStage<Void> drain() {
    draining = true;
    checkDrained();
    return drained;
  }

  private void checkDrained() {
    if (draining && count == 0) {
      drained.complete(null);
    }
  }

  /** Ends all that still run. */
  public synchronized void cut(Failure failure) {
    cut = failure;
    running.forEach(answer -> answer.end(failure));
  }
}
