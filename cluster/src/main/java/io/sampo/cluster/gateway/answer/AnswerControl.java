package io.sampo.cluster.gateway.answer;

import io.sampo.actors.wire.Failure;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.stream.stage.AsyncCallback;

/** A running answer, from outside. */
public final class AnswerControl {

  private final AsyncCallback<Failure> end;
  private final CompletableFuture<Void> over = new CompletableFuture<>();

  AnswerControl(AsyncCallback<Failure> end) {
    this.end = end;
  }

  /** Cancels the generation and ends the answer with this failure, unless it has ended already. */
  public void end(Failure failure) {
    end.invoke(failure);
  }

  /** Done once the answer's last event has been taken or nobody will take it. */
  public CompletionStage<Void> over() {
    return over;
  }

  void ended() {
    over.complete(null);
  }
}
