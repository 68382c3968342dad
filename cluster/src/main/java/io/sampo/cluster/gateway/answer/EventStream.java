package io.sampo.cluster.gateway.answer;

import io.sampo.actors.generation.GenerationEvent;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.SinkShape;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.stage.AbstractGraphStageWithMaterializedValue;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import scala.jdk.javaapi.DurationConverters;

/**
 * Takes a request's events and tells of the first; if that is no failure, it offers all of them as
 * the bytes of server-sent events, with a comment after each silence so that nobody between here
 * and the client takes it for an end.
 *
 * <p>One stage does what six ready-made ones would: each costs every token.
 */
final class EventStream
    extends AbstractGraphStageWithMaterializedValue<
        SinkShape<GenerationEvent>, CompletionStage<EventStream.Begun>> {

  /**
   * No empty line follows: it would end an event, and a client that has seen an {@code id} before
   * would take that for an event without data.
   */
  private static final ByteString KEEP_ALIVE = ByteString.fromString(": keep-alive\n");

  /** How long the bytes may go unasked for once they are offered. */
  private static final Duration TAKEN_WITHIN = Duration.ofSeconds(5);

  /**
   * What is known when the first event is there.
   *
   * @param bytes all events, the first one too; nothing after a failure
   */
  record Begun(GenerationEvent first, Source<ByteString, NotUsed> bytes) {}

  private final Inlet<GenerationEvent> in = Inlet.create("EventStream.in");
  private final SinkShape<GenerationEvent> shape = SinkShape.of(in);
  private final AnswerEncoder encoder;
  private final DirectLine line;
  private final Duration keepAlive;

  /**
   * Makes the stage of one answer.
   *
   * @param line past this stage; told when it may be used
   * @param keepAlive the longest silence without a comment
   */
  EventStream(AnswerEncoder encoder, DirectLine line, Duration keepAlive) {
    this.encoder = encoder;
    this.line = line;
    this.keepAlive = keepAlive;
  }

  @Override
  public SinkShape<GenerationEvent> shape() {
    return shape;
  }

  @Override
  public Pair<GraphStageLogic, CompletionStage<Begun>> createLogicAndMaterializedValuePair(
      Attributes attributes) {
    Logic logic = new Logic();
    return Pair.create(logic, logic.begun);
  }

  private final class Logic extends TimerGraphStageLogic {
    private final CompletableFuture<Begun> begun = new CompletableFuture<>();
    private @Nullable SubSourceOutlet<ByteString> bytes;

    /** Made and not yet asked for; more is pulled only when there is nothing. */
    private @Nullable ByteString unsent;

    /** Events that cost credit and came. */
    private long events;

    private long lastNanos;

    Logic() {
      super(shape);
      setHandler(
          in,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              onEvent(grab(in));
            }

            @Override
            public void onUpstreamFinish() {
              if (unsent == null) {
                end();
              }
            }

            @Override
            public void onUpstreamFailure(Throwable failure) {
              begun.completeExceptionally(failure);
              if (bytes != null) {
                bytes.fail(failure);
              }
              failStage(failure);
            }
          });
    }

    @Override
    public void preStart() {
      pull(in);
    }

    private void onEvent(GenerationEvent event) {
      line.busy();
      events++;
      SubSourceOutlet<ByteString> out = bytes;
      if (out == null) {
        begin(event);
        return;
      }
      long now = System.nanoTime();
      ByteString encoded = encoder.encode(event, now);
      if (encoded.isEmpty()) {
        await(out);
      } else if (out.isAvailable()) {
        send(out, encoded, now);
      } else {
        unsent = encoded;
      }
    }

    private void begin(GenerationEvent first) {
      if (first instanceof GenerationEvent.Failed) {
        encoder.note(first, System.nanoTime());
        begun.complete(new Begun(first, Source.empty()));
        completeStage();
        return;
      }
      SubSourceOutlet<ByteString> out = new SubSourceOutlet<>("EventStream.bytes");
      bytes = out;
      out.setHandler(
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              onWanted(out);
            }

            @Override
            public void onDownstreamFinish(Throwable cause) {
              completeStage();
            }
          });
      lastNanos = System.nanoTime();
      unsent = encoder.encode(first, lastNanos);
      scheduleOnce("taken", TAKEN_WITHIN);
      scheduleOnce("silence", keepAlive);
      begun.complete(new Begun(first, Source.fromGraph(out.source())));
    }

    private void onWanted(SubSourceOutlet<ByteString> out) {
      ByteString next = unsent;
      unsent = null;
      if (next != null && !next.isEmpty()) {
        send(out, next, System.nanoTime());
      } else {
        await(out);
      }
    }

    private void await(SubSourceOutlet<ByteString> out) {
      if (isClosed(in)) {
        end();
        return;
      }
      if (!hasBeenPulled(in)) {
        pull(in);
      }
      if (out.isAvailable()) {
        line.idle(events);
      }
    }

    private void send(SubSourceOutlet<ByteString> out, ByteString encoded, long nowNanos) {
      lastNanos = nowNanos;
      out.push(encoded);
      if (isClosed(in)) {
        end();
      }
    }

    @Override
    public void postStop() {
      line.busy();
      encoder.progress().over(System.nanoTime());
    }

    private void end() {
      line.busy();
      if (bytes != null) {
        bytes.complete();
      }
      completeStage();
    }

    /** The timer is not moved for every event; it looks at the clock when it fires. */
    @Override
    public void onTimer(Object key) {
      SubSourceOutlet<ByteString> out = bytes;
      if (out == null) {
        return;
      }
      if (key.equals("taken")) {
        out.timeout(DurationConverters.toScala(TAKEN_WITHIN));
        if (out.isClosed()) {
          completeStage();
        }
        return;
      }
      long now = System.nanoTime();
      long silence = Math.min(now - lastNanos, now - line.lastNanos());
      Duration left = keepAlive.minusNanos(silence);
      if (left.isPositive()) {
        scheduleOnce("silence", left);
        return;
      }
      if (out.isAvailable()) {
        line.busy();
        send(out, KEEP_ALIVE, now);
      }
      scheduleOnce("silence", keepAlive);
    }
  }
}
