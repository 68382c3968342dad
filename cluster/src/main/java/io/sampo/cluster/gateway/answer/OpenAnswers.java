package io.sampo.cluster.gateway.answer;

import io.sampo.actors.wire.Failure;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The answers that run in this gateway. A stop first refuses new ones, then waits for the rest.
 *
 * <p>Invariant: an answer is in here from before its generation is asked for until it is over.
 */
public final class OpenAnswers {

  private final Set<AnswerControl> running = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<Void> drained = new CompletableFuture<>();
  private volatile boolean draining;

  public boolean draining() {
    return draining;
  }

  public int running() {
    return running.size();
  }

  void begun(AnswerControl answer) {
    running.add(answer);
    var _ =
        answer
            .over()
            .thenRun(
                () -> {
                  running.remove(answer);
                  checkDrained();
                });
  }

  /** Lets no new answer begin. Done when the last one that runs is over. */
  public CompletionStage<Void> drain() {
    draining = true;
    checkDrained();
    return drained;
  }

  private void checkDrained() {
    if (draining && running.isEmpty()) {
      drained.complete(null);
    }
  }

  /** Ends all that still run. */
  public void cut(Failure failure) {
    running.forEach(answer -> answer.end(failure));
  }
}
