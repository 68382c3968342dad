package io.sampo.actors.generation;

import io.sampo.actors.generation.GenerationEvent.ChoiceFinished;
import io.sampo.actors.generation.GenerationEvent.Started;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Events on their way to a reader that takes them at its own pace. One event costs one credit;
 * while there is none, what is new of an answer gathers in its {@link PendingDelta}.
 *
 * <p>Invariant: at most one delta and one end for each answer wait here, so the bound is the tokens
 * that replicas are allowed to run ahead.
 */
final class Outbox {

  /** In their order: events, and answers of which something is pending. */
  private final Deque<Object> waiting = new ArrayDeque<>();

  private int credit;

  Outbox(int credit) {
    this.credit = credit;
  }

  void grant(int events) {
    credit += events;
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  void started(Started started) {
    waiting.add(started);
  }

  void finished(ChoiceFinished finished) {
    waiting.add(finished);
  }

  /** The answer's pending delta has something in it. */
  void pending(Answer answer) {
    if (!answer.queued) {
      answer.queued = true;
      waiting.add(answer);
    }
  }

  /** Takes the next event, at the cost of one credit; null when there is none, or no credit. */
  @Nullable GenerationEvent poll() {
    if (credit == 0 || waiting.isEmpty()) {
      return null;
    }
    credit--;
    return switch (waiting.poll()) {
      case Answer answer -> {
        answer.queued = false;
        answer.delivered(answer.pending.tokenCount());
        yield answer.pending.take(answer.number());
      }
      case GenerationEvent event -> event;
      default -> throw new IllegalStateException("only answers and events wait here");
    };
  }
}
