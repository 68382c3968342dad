package io.sampo.cluster.gateway.answer;

import io.sampo.actors.wire.Failure;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** A running answer, from outside. */
public final class AnswerControl {

  private final Consumer<Failure> end;
  private final CompletableFuture<Void> over = new CompletableFuture<>();

  AnswerControl(Consumer<Failure> end) {
    this.end = end;
  }

  /** Cancels the work and ends the answer with this failure, unless it has ended already. */
  public void end(Failure failure) {
    end.accept(failure);
  }

  /** Done once the answer's last event has been taken or nobody will take it. */
  public CompletionStage<Void> over() {
    return over;
  }

  void ended() {
    over.complete(null);
  }
}
