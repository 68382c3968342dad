package io.sampo.cluster.gateway.answer;

import io.sampo.actors.admission.Admission;
import io.sampo.actors.embedding.EmbeddingCall;
import io.sampo.actors.embedding.EmbeddingReply;
import io.sampo.actors.embedding.EmbeddingReply.Embedded;
import io.sampo.actors.embedding.EmbeddingReply.Failed;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.RequestId;
import io.sampo.cluster.gateway.decode.EmbeddingOrder;
import io.sampo.cluster.gateway.http.ErrorMapper;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.json.Refusal;
import io.sampo.ops.requests.RequestNames;
import io.sampo.ops.requests.RequestProgress;
import io.sampo.ops.requests.RunningRequests;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Runs a decoded request for vectors and makes the HTTP answer, which is one body. */
public final class Embeddings {

  /** How much later than the request's own deadline silence counts as a broken request. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final ActorSystem<?> system;
  private final ActorRef<Admission.Command> admission;
  private final OpenAnswers open;
  private final RunningRequests requests;
  private final boolean debugHeaders;
  private final Executor encoding;

  /**
   * @param debugHeaders whether answers tell how they were routed
   */
  public Embeddings(
      ActorSystem<?> system,
      ActorRef<Admission.Command> admission,
      OpenAnswers open,
      RunningRequests requests,
      boolean debugHeaders) {
    this.system = system;
    this.admission = admission;
    this.open = open;
    this.requests = requests;
    this.debugHeaders = debugHeaders;
    this.encoding = system.dispatchers().lookup(DispatcherSelector.blocking());
  }

  public CompletionStage<HttpResponse> run(Exchange exchange, EmbeddingOrder order) {
    if (!open.begin()) {
      throw new Refusal(Failure.unavailable(ErrorCode.DRAINING, 1));
    }
    CompletableFuture<Failure> left = new CompletableFuture<>();
    AnswerControl control = new AnswerControl(left::complete);
    open.runs(control);
    exchange.whenClientLeaves(() -> control.end(Failure.readerStalled()));
    RequestProgress progress =
        requests.begin(
            new RequestNames(
                exchange.id(), exchange.tenant(), order.model().id().name(), null, null),
            0);
    progress.cancelledBy(control::end);
    EmbeddingCall call =
        new EmbeddingCall(
            new RequestId(exchange.id()),
            order.model().id(),
            order.inputs(),
            order.priority(),
            order.timeout(),
            left);
    return AskPattern.<Admission.Command, EmbeddingReply>ask(
            admission,
            replyTo -> new Admission.AdmitEmbedding(call, replyTo),
            order.timeout().plus(GRACE),
            system.scheduler())
        .thenApply(reply -> note(progress, reply))
        .thenApplyAsync(reply -> answer(exchange, order, reply), encoding)
        .whenComplete(
            (_, _) -> {
              control.ended();
              progress.over(System.nanoTime());
            });
  }

  private static EmbeddingReply note(RequestProgress progress, EmbeddingReply reply) {
    long now = System.nanoTime();
    switch (reply) {
      case Failed failed -> progress.failed(failed.failure().code(), now);
      case Embedded embedded -> {
        progress.answered(false);
        progress.completed(Math.toIntExact(embedded.tokens()), 0, 0, now);
      }
    }
    return reply;
  }

  private HttpResponse answer(Exchange exchange, EmbeddingOrder order, EmbeddingReply reply) {
    return switch (reply) {
      case Failed failed -> ErrorMapper.response(failed.failure());
      case Embedded embedded -> {
        if (debugHeaders) {
          exchange.answerHeader("x-sampo-replica", embedded.replica().toString());
          exchange.answerHeader("x-sampo-route", embedded.route());
        }
        yield Exchange.json(EmbeddingEncoder.encode(order, embedded));
      }
    };
  }
}
