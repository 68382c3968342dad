package io.sampo.cluster.gateway.answer;

import io.sampo.actors.admission.Admission;
import io.sampo.actors.generation.Generation;
import io.sampo.actors.generation.GenerationEvent;
import io.sampo.actors.generation.GenerationRequest;
import io.sampo.actors.generation.Reader;
import io.sampo.actors.generation.ResumableStream;
import io.sampo.actors.wire.Failure;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.pekko.actor.Terminated;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SourceShape;
import org.apache.pekko.stream.stage.AbstractGraphStageWithMaterializedValue;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;
import scala.runtime.BoxedUnit;

/**
 * The events of one request as a stream: it asks for admission, buffers what comes, pays credit
 * back as events are taken, and hangs up when nobody takes them any more.
 *
 * <p>Invariants: the buffer never holds more events than the credit given plus the terminal one.
 * Unless it is cancelled, the stream ends with exactly one terminal event, also when the generation
 * dies without one. A generation that was admitted hears {@link Generation.HangUp} if it is left
 * before its end, even when it was left before it was admitted.
 */
public final class GenerationSource
    extends AbstractGraphStageWithMaterializedValue<SourceShape<GenerationEvent>, AnswerControl> {

  /** How much later than the request's own deadline silence counts as a broken generation. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  /** How long a left request waits for its admission, to hang up on it. */
  private static final Duration ADMISSION = Duration.ofSeconds(30);

  /**
   * Word of an actor's end can overtake the last events it sent: one that had ended before it was
   * watched is told of at once, ahead of what waits in the stream's mailbox. A timer's message
   * queues behind them.
   */
  private static final Duration OVERTAKEN = Duration.ofMillis(100);

  private final Outlet<GenerationEvent> out = Outlet.create("Generation.out");
  private final SourceShape<GenerationEvent> shape = SourceShape.of(out);
  private final ActorRef<Admission.Command> admission;
  private final GenerationRequest request;
  private final Reader.Shortcut shortcut;
  private final int credit;
  private final @Nullable ResumableStream stream;

  /**
   * Asks for admission when it is run.
   *
   * @param shortcut past this stream
   * @param credit how many events may be under way, at least 2
   * @param stream what the client can come back to; null where it cannot
   */
  public GenerationSource(
      ActorRef<Admission.Command> admission,
      GenerationRequest request,
      Reader.Shortcut shortcut,
      int credit,
      @Nullable ResumableStream stream) {
    this.admission = admission;
    this.request = request;
    this.shortcut = shortcut;
    this.credit = credit;
    this.stream = stream;
  }

  @Override
  public SourceShape<GenerationEvent> shape() {
    return shape;
  }

  @Override
  public Pair<GraphStageLogic, AnswerControl> createLogicAndMaterializedValuePair(
      Attributes attributes) {
    Logic logic = new Logic();
    return Pair.create(logic, logic.control);
  }

  private final class Logic extends TimerGraphStageLogic {
    private final AnswerControl control = new AnswerControl(createAsyncCallback(this::end)::invoke);
    private final Deque<GenerationEvent> buffer = new ArrayDeque<>();
    private @Nullable ActorRef<Generation.Command> generation;

    /** Events taken and not yet granted anew. */
    private int taken;

    /** The terminal event is in the buffer or was taken. */
    private boolean terminal;

    /** The generation has ended by itself, or there is none. */
    private boolean generationOver;

    Logic() {
      super(shape);
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              emit();
            }

            @Override
            public void onDownstreamFinish(Throwable cause) {
              leave();
            }
          });
    }

    @Override
    public void preStart() {
      StageActor actor = getStageActor(this::onMessage);
      actor.watch(Adapter.toClassic(admission));
      ActorRef<GenerationEvent> events = Adapter.toTyped(actor.ref());
      admission.tell(new Admission.Admit(request, new Reader(events, shortcut), credit, stream));
      scheduleOnce("overdue", request.timeout().plus(GRACE));
    }

    private BoxedUnit onMessage(Tuple2<org.apache.pekko.actor.ActorRef, Object> received) {
      switch (received._2()) {
        case GenerationEvent.Admitted admitted -> onAdmitted(admitted.generation());
        case GenerationEvent.Completed completed -> onEnd(completed);
        case GenerationEvent.Failed failed -> onEnd(failed);
        case GenerationEvent event -> deliver(event);
        case Terminated _ -> scheduleOnce("stopped", OVERTAKEN);
        default -> {}
      }
      return BoxedUnit.UNIT;
    }

    private void onAdmitted(ActorRef<Generation.Command> admitted) {
      generation = admitted;
      StageActor actor = stageActor();
      actor.unwatch(Adapter.toClassic(admission));
      actor.watch(Adapter.toClassic(admitted));
      if (isClosed(out)) {
        leave();
      } else if (terminal) {
        admitted.tell(new Generation.HangUp());
        generationOver = true;
        emit();
      }
    }

    private void onEnd(GenerationEvent last) {
      generationOver = true;
      if (isClosed(out)) {
        completeStage();
      } else if (!terminal) {
        terminal = true;
        deliverLast(last);
      } else {
        emit();
      }
    }

    private void deliver(GenerationEvent event) {
      if (terminal) {
        return;
      }
      if (buffer.size() >= credit) {
        end(Failure.internal(request.id().value()));
        return;
      }
      buffer.add(event);
      emit();
    }

    private void deliverLast(GenerationEvent last) {
      buffer.add(last);
      emit();
    }

    /** Hands out one event if one is wanted; after the last one the stage ends. */
    private void emit() {
      if (isAvailable(out) && !buffer.isEmpty()) {
        push(out, buffer.remove());
        payBack();
      }
      if (terminal && buffer.isEmpty() && !isClosed(out)) {
        complete(out);
      }
      if (isClosed(out)) {
        leave();
      }
    }

    private void payBack() {
      taken++;
      if (generation != null && !terminal && taken >= credit / 2) {
        generation.tell(new Generation.Grant(taken));
        taken = 0;
      }
    }

    /** Ends the stream from outside. */
    private void end(Failure failure) {
      if (terminal) {
        return;
      }
      terminal = true;
      if (generation != null && !generationOver) {
        generation.tell(new Generation.HangUp());
        generationOver = true;
      }
      deliverLast(new GenerationEvent.Failed(failure));
    }

    /** Nobody takes events any more. */
    private void leave() {
      if (generationOver) {
        completeStage();
      } else if (generation != null) {
        generation.tell(new Generation.HangUp());
        completeStage();
      } else {
        setKeepGoing(true);
        scheduleOnce("overdue", ADMISSION);
      }
    }

    @Override
    public void onTimer(Object key) {
      if (key.equals("stopped")) {
        onEnd(internalError());
      } else if (isClosed(out)) {
        completeStage();
      } else {
        end(Failure.internal(request.id().value()));
      }
    }

    private GenerationEvent internalError() {
      return new GenerationEvent.Failed(Failure.internal(request.id().value()));
    }

    @Override
    public void postStop() {
      control.ended();
    }
  }
}
