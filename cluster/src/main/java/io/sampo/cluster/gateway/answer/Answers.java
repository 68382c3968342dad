package io.sampo.cluster.gateway.answer;

import io.sampo.actors.admission.Admission;
import io.sampo.actors.detour.Detour;
import io.sampo.actors.generation.GenerationEvent;
import io.sampo.actors.generation.GenerationRequest;
import io.sampo.actors.generation.Reader;
import io.sampo.actors.generation.ResumableStream;
import io.sampo.actors.standby.Standby;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.decode.Call;
import io.sampo.cluster.gateway.http.ErrorMapper;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.json.Refusal;
import io.sampo.ops.requests.RequestNames;
import io.sampo.ops.requests.RequestProgress;
import io.sampo.ops.requests.RunningRequests;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
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
import tools.jackson.databind.node.ObjectNode;

/**
 * Runs a decoded request and makes the HTTP answer. The answer's status waits for the first event,
 * so that a refusal has its own; after that a failure can only be told inside the stream.
 */
public final class Answers {

  private final ActorRef<Admission.Command> admission;
  private final ActorRef<Standby.Command> standby;
  private final OpenAnswers open;
  private final RunningRequests requests;
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

  /** Makes the encoder of one answer, which tells this progress what happens. */
  private interface Encoders extends Function<RequestProgress, AnswerEncoder> {}

  /**
   * @param open counts the answers that run
   * @param requests is told what they do
   */
  public Answers(
      ActorRef<Admission.Command> admission,
      ActorRef<Standby.Command> standby,
      OpenAnswers open,
      RunningRequests requests,
      Style style,
      Materializer materializer) {
    this.admission = admission;
    this.standby = standby;
    this.open = open;
    this.requests = requests;
    this.style = style;
    this.materializer = materializer;
  }

  /**
   * Answers a request.
   *
   * @param body as it came
   */
  public CompletionStage<HttpResponse> answer(
      Exchange exchange, Door door, Call call, ObjectNode body) {
    String id = door.idPrefix() + Exchange.randomName();
    long created = Instant.now().getEpochSecond();
    Encoders encoders = encoders(door, call, id, created, false);
    if (!call.stream()) {
      return whole(exchange, call, new Collected(call.request().answers()), encoders);
    }
    if (!StreamOrigin.resumable(call)) {
      return stream(exchange, call, encoders, null);
    }
    StreamOrigin origin = StreamOrigin.of(door, id, created, call, exchange::header, body);
    ResumableStream stream =
        ResumableStream.fresh(Exchange.randomName(), origin.toString(), standby);
    return stream(exchange, call, encoders, stream);
  }

  /**
   * Goes on with a stream.
   *
   * @param beginningRead whether the client has read what comes before the text
   */
  CompletionStage<HttpResponse> resume(
      Exchange exchange,
      StreamOrigin origin,
      Call call,
      ResumableStream stream,
      boolean beginningRead) {
    return stream(
        exchange,
        call,
        encoders(origin.door(), call, origin.id(), origin.createdSeconds(), beginningRead),
        stream);
  }

  private Encoders encoders(Door door, Call call, String id, long createdSeconds, boolean resumed) {
    AnswerHead head =
        new AnswerHead(
            id,
            createdSeconds,
            call.modelName(),
            call.model().simulated() ? "simulated" : style.fingerprint,
            call.request().answers(),
            call.stream() && call.includeUsage(),
            call.logprobs(),
            resumed);
    return switch (door) {
      case CHAT -> progress -> new ChatEncoder(head, progress);
      case COMPLETION -> progress -> new CompletionEncoder(head, progress);
      case INFILL -> progress -> new InfillEncoder(call.modelName(), progress);
    };
  }

  private CompletionStage<HttpResponse> whole(
      Exchange exchange, Call call, Collected empty, Encoders encoders) {
    AnswerEncoder encoder = count(exchange, call, encoders);
    Pair<AnswerControl, CompletionStage<Collected>> run =
        events(call, Reader.Shortcut.NONE, null)
            .toMat(
                Sink.<Collected, GenerationEvent>fold(
                    empty,
                    (all, event) -> {
                      encoder.note(event, System.nanoTime());
                      return all.add(event);
                    }),
                Keep.both())
            .run(materializer);
    begun(exchange, run.first(), encoder.progress());
    return run.second()
        .whenComplete((_, _) -> encoder.progress().over(System.nanoTime()))
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
      Exchange exchange, Call call, Encoders encoders, @Nullable ResumableStream stream) {
    if (stream != null) {
      exchange.answerHeader("x-sampo-stream", stream.name() + ".");
    }
    CompletableFuture<HttpResponse> response = new CompletableFuture<>();
    exchange.onConnection(
        here -> {
          try {
            var _ =
                begin(exchange, call, encoders, stream, here)
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
      Exchange exchange,
      Call call,
      Encoders encoders,
      @Nullable ResumableStream stream,
      Materializer here) {
    AnswerEncoder encoder = count(exchange, call, encoders);
    DirectLine line = new DirectLine(encoder, exchange.lane());
    var run =
        events(call, line, stream)
            .toMat(new EventStream(encoder, line, style.keepAlive), Keep.both())
            .run(here);
    begun(exchange, run.first(), encoder.progress());
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

  private Source<GenerationEvent, AnswerControl> events(
      Call call, Reader.Shortcut shortcut, @Nullable ResumableStream stream) {
    return Source.fromGraph(
        new GenerationSource(admission, call.request(), shortcut, style.credit, stream));
  }

  /** Counts the answer among those that run; its encoder writes its figures from now on. */
  private AnswerEncoder count(Exchange exchange, Call call, Encoders encoders) {
    if (!open.begin()) {
      throw new Refusal(Failure.unavailable(ErrorCode.DRAINING, 1));
    }
    GenerationRequest request = call.request();
    RequestNames names =
        new RequestNames(
            exchange.id(),
            exchange.tenant(),
            request.model().name(),
            request.adapter(),
            request.session());
    AnswerEncoder encoder = encoders.apply(requests.begin(names, request.answers()));
    exchange.leadsTo(encoder);
    return encoder;
  }

  private static HttpResponse eventStream(Source<ByteString, NotUsed> bytes) {
    return HttpResponse.create()
        .withEntity(HttpEntities.createChunked(MediaTypes.TEXT_EVENT_STREAM.toContentType(), bytes))
        .addHeaders(
            List.of(
                RawHeader.create("cache-control", "no-cache"),
                RawHeader.create("x-accel-buffering", "no")));
  }

  private void begun(Exchange exchange, AnswerControl answer, RequestProgress progress) {
    open.runs(answer);
    progress.cancelledBy(answer::end);
    exchange.whenClientLeaves(() -> answer.end(Failure.readerStalled()));
  }

  private void tellRoute(Exchange exchange, GenerationEvent.@Nullable Started started) {
    if (started == null) {
      return;
    }
    if (style.debugHeaders || started.route().startsWith(Detour.ROUTE)) {
      exchange.answerHeader("x-sampo-route", started.route());
    }
    if (style.debugHeaders) {
      exchange.answerHeader("x-sampo-replica", started.replica().toString());
      exchange.answerHeader("x-sampo-cached-tokens", "" + started.cachedTokens());
    }
  }
}
