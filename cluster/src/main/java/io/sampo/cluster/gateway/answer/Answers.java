package io.sampo.cluster.gateway.answer;

import io.sampo.actors.admission.Admission;
import io.sampo.actors.generation.GenerationEvent;
import io.sampo.actors.generation.Reader;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.decode.Call;
import io.sampo.cluster.gateway.http.ErrorMapper;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.json.Refusal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Runs a decoded request and makes the HTTP answer. The answer's status waits for the first event,
 * so that a refusal has its own; after that a failure can only be told inside the stream.
 */
public final class Answers {

  private final ActorRef<Admission.Command> admission;
  private final OpenAnswers open;
  private final Style style;
  private final Materializer materializer;

  /**
   * How answers are given.
   *
   * @param credit how many events of one request may be under way
   * @param keepAlive the longest silence in a stream before a comment is sent
   * @param debugHeaders whether answers tell how they were routed
   * @param fingerprint what clients see as {@code system_fingerprint} of real models
   */
  public record Style(int credit, Duration keepAlive, boolean debugHeaders, String fingerprint) {}

  public Answers(
      ActorRef<Admission.Command> admission,
      OpenAnswers open,
      Style style,
      Materializer materializer) {
    this.admission = admission;
    this.open = open;
    this.style = style;
    this.materializer = materializer;
  }

  public CompletionStage<HttpResponse> chat(Exchange exchange, Call call) {
    return run(exchange, call, new ChatEncoder(head("chatcmpl-", call)));
  }

  public CompletionStage<HttpResponse> completion(Exchange exchange, Call call) {
    return run(exchange, call, new CompletionEncoder(head("cmpl-", call)));
  }

  public CompletionStage<HttpResponse> infill(Exchange exchange, Call call) {
    return run(exchange, call, new InfillEncoder(call.modelName()));
  }

  private AnswerHead head(String prefix, Call call) {
    return new AnswerHead(
        prefix + Exchange.randomName(),
        Instant.now().getEpochSecond(),
        call.modelName(),
        call.model().simulated() ? "simulated" : style.fingerprint,
        call.request().answers(),
        call.stream() && call.includeUsage(),
        call.logprobs());
  }

  private CompletionStage<HttpResponse> run(Exchange exchange, Call call, AnswerEncoder encoder) {
    exchange.leadsTo(encoder);
    return call.stream()
        ? stream(exchange, call, encoder)
        : whole(exchange, call, new Collected(call.request().answers()), encoder);
  }

  private CompletionStage<HttpResponse> whole(
      Exchange exchange, Call call, Collected empty, AnswerEncoder encoder) {
    count();
    Pair<AnswerControl, CompletionStage<Collected>> run =
        events(call, Reader.Shortcut.NONE)
            .toMat(Sink.fold(empty, Collected::add), Keep.both())
            .run(materializer);
    begun(exchange, run.first());
    return run.second()
        .thenApply(
            all -> {
              tellRoute(exchange, all.started);
              return all.usage != null
                  ? Exchange.json(encoder.whole(all, all.usage))
                  : ErrorMapper.response(
                      all.failure != null ? all.failure : Failure.internal(exchange.id()));
            });
  }

  /**
   * The events are made into bytes where the connection writes them, so that a token takes few
   * hops.
   */
  private CompletionStage<HttpResponse> stream(
      Exchange exchange, Call call, AnswerEncoder encoder) {
    CompletableFuture<HttpResponse> response = new CompletableFuture<>();
    exchange.onConnection(
        here -> {
          try {
            var _ =
                begin(exchange, call, encoder, here)
                    .thenAccept(response::complete)
                    .exceptionally(
                        failure -> {
                          response.completeExceptionally(failure);
                          return null;
                        });
          } catch (RuntimeException failure) {
            response.completeExceptionally(failure);
          }
        });
    return response;
  }

  private CompletionStage<HttpResponse> begin(
      Exchange exchange, Call call, AnswerEncoder encoder, Materializer here) {
    count();
    DirectLine line = new DirectLine(encoder, exchange.lane());
    var run =
        events(call, line)
            .toMat(new EventStream(encoder, line, style.keepAlive), Keep.both())
            .run(here);
    begun(exchange, run.first());
    exchange.streamsUntil(run.first().over());
    return run.second()
        .thenApply(
            begun ->
                switch (begun.first()) {
                  case GenerationEvent.Failed failed -> ErrorMapper.response(failed.failure());
                  case GenerationEvent.Started started -> {
                    tellRoute(exchange, started);
                    yield eventStream(begun.bytes());
                  }
                  default -> eventStream(begun.bytes());
                });
  }

  private Source<GenerationEvent, AnswerControl> events(Call call, Reader.Shortcut shortcut) {
    return Source.fromGraph(
        new GenerationSource(admission, call.request(), shortcut, style.credit));
  }

  private void count() {
    if (!open.begin()) {
      throw new Refusal(Failure.unavailable(ErrorCode.DRAINING, 1));
    }
  }

  private static HttpResponse eventStream(Source<ByteString, NotUsed> bytes) {
    return HttpResponse.create()
        .withEntity(HttpEntities.createChunked(MediaTypes.TEXT_EVENT_STREAM.toContentType(), bytes))
        .addHeaders(
            List.of(
                RawHeader.create("cache-control", "no-cache"),
                RawHeader.create("x-accel-buffering", "no")));
  }

  private void begun(Exchange exchange, AnswerControl answer) {
    open.runs(answer);
    exchange.whenClientLeaves(() -> answer.end(Failure.readerStalled()));
  }

  private void tellRoute(Exchange exchange, GenerationEvent.@Nullable Started started) {
    if (style.debugHeaders && started != null) {
      exchange.answerHeader("x-sampo-replica", started.replica().toString());
      exchange.answerHeader("x-sampo-route", started.route());
      exchange.answerHeader("x-sampo-cached-tokens", "" + started.cachedTokens());
    }
  }
}
