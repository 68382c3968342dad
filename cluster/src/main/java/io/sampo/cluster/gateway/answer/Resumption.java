package io.sampo.cluster.gateway.answer;

import io.sampo.actors.generation.Bookmark;
import io.sampo.actors.generation.ResumableStream;
import io.sampo.actors.standby.Standby;
import io.sampo.actors.standby.StreamRecord;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.RequestId;
import io.sampo.cluster.gateway.decode.Call;
import io.sampo.cluster.gateway.decode.CallDecoder;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.json.Refusal;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.Materializer;
import org.jspecify.annotations.Nullable;

/**
 * Goes on with a stream whose client comes back, to this gateway or to another than before, and
 * names the last event that it has read.
 */
public final class Resumption {

  /** Longer than the standby itself waits for other gateways. */
  private static final Duration FIND_LIMIT = Duration.ofSeconds(5);

  private final ActorSystem<?> system;
  private final ActorRef<Standby.Command> standby;
  private final CallDecoder decoder;
  private final Answers answers;

  /**
   * @param standby finds the streams' records
   */
  public Resumption(
      ActorSystem<?> system,
      ActorRef<Standby.Command> standby,
      CallDecoder decoder,
      Answers answers) {
    this.system = system;
    this.standby = standby;
    this.decoder = decoder;
    this.answers = answers;
  }

  /**
   * Answers with the rest of a stream. A body is not looked at: the request is known.
   *
   * @param lastEventId as the client gave it
   */
  public CompletionStage<HttpResponse> resume(Exchange exchange, String lastEventId) {
    exchange.request().discardEntityBytes(Materializer.matFromSystem(system));
    Bookmark bookmark =
        Bookmark.parse(lastEventId)
            .orElseThrow(
                () ->
                    Refusal.invalidValue(
                        "Last-Event-ID", "must be the id of an event of a stream of this server"));
    return AskPattern.<Standby.Command, Standby.Found>ask(
            standby,
            replyTo -> new Standby.Find(bookmark.stream(), replyTo),
            FIND_LIMIT,
            system.scheduler())
        .thenCompose(found -> resume(exchange, bookmark, found.record()));
  }

  private CompletionStage<HttpResponse> resume(
      Exchange exchange, Bookmark bookmark, @Nullable StreamRecord record) {
    if (record == null) {
      throw notResumable(bookmark);
    }
    StreamOrigin origin = StreamOrigin.parse(record.origin());
    RequestId id = new RequestId(exchange.id());
    Call call =
        switch (origin.door()) {
          case CHAT -> decoder.chat(origin.body(), id, origin::header);
          case COMPLETION -> decoder.completion(origin.body(), id, origin::header);
          case INFILL -> decoder.infill(origin.body(), id, origin::header);
        };
    ResumableStream stream =
        ResumableStream.resumed(record, bookmark, standby)
            .orElseThrow(() -> notResumable(bookmark));
    return answers.resume(exchange, origin, call, stream, !bookmark.marks().isEmpty());
  }

  private static Refusal notResumable(Bookmark bookmark) {
    return new Refusal(Failure.notResumable(bookmark.stream()));
  }
}
