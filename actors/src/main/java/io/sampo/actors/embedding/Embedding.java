package io.sampo.actors.embedding;

import io.sampo.actors.attempt.Attempt;
import io.sampo.actors.attempt.Attempt.Phase;
import io.sampo.actors.embedding.EmbeddingReply.Embedded;
import io.sampo.actors.embedding.EmbeddingReply.Failed;
import io.sampo.actors.generation.GenerationSettings;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.scheduler.PlacementRequest;
import io.sampo.actors.scheduler.Scheduler;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.ServiceClass;
import io.sampo.engines.spi.FinishReason;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * One request for vectors, from its texts to its one reply.
 *
 * <p>Each part of its inputs is placed and computed as a sequence is: booked by the scheduler, sent
 * to the replica, followed by beats. When the replica declines, breaks or falls silent the part is
 * placed again under the next epoch. A vector that has come stays; the same one again changes
 * nothing.
 */
public final class Embedding extends AbstractMatchingBehavior<Embedding.Command> {

  public sealed interface Command {}

  /** Ends the request with a failure, whatever it is doing. */
  public record Abort(Failure failure) implements Command {}

  private record Prepared(PreparedInputs result) implements Command {}

  private record FromReplica(Replica.Event event) implements Command {}

  private record FromScheduler(Scheduler.Reply reply) implements Command {}

  private record PlaceAgain(SequenceKey part) implements Command {}

  private enum Timer implements Command {
    BEAT,
    DEADLINE
  }

  private final TimerScheduler<Command> timers;
  private final EmbeddingCall call;
  private final List<Part> parts;
  private final float[] @Nullable [] vectors;
  private final long tokens;
  private final ActorRef<EmbeddingReply> replyTo;
  private final GenerationSettings attempts;
  private final ActorRef<Replica.Event> replicaEvents;
  private final ActorRef<Scheduler.Reply> schedulerReplies;
  private final long startNanos = System.nanoTime();
  private Scheduler.@Nullable Assigned firstPlace;

  private Embedding(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      EmbeddingCall call,
      PreparedInputs.Ready ready,
      Consumer<Router.Command> router,
      ActorRef<EmbeddingReply> replyTo,
      EmbeddingSettings settings) {
    super(context);
    this.timers = timers;
    this.call = call;
    this.vectors = new float[ready.inputs().size()][];
    this.tokens = ready.tokens();
    this.replyTo = replyTo;
    this.attempts = settings.attempts();
    this.replicaEvents = context.messageAdapter(Replica.Event.class, FromReplica::new);
    this.schedulerReplies = context.messageAdapter(Scheduler.Reply.class, FromScheduler::new);
    String name = UUID.randomUUID().toString();
    this.parts =
        Part.of(
            ready.inputs(),
            settings.partInputs(),
            settings.partTokens(),
            number -> new Attempt(name, number, router));
    timers.startTimerWithFixedDelay(Timer.BEAT, attempts.beatInterval());
    parts.stream().limit(settings.partsAtOnce()).forEach(this::place);
  }

  /**
   * Makes the actor of one request.
   *
   * @param router delivers a message to the router of the request's model
   * @param replyTo hears the one reply
   */
  public static Behavior<Command> create(
      EmbeddingCall call,
      ServedModel model,
      Consumer<Router.Command> router,
      ActorRef<EmbeddingReply> replyTo,
      EmbeddingSettings settings) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  timers.startSingleTimer(Timer.DEADLINE, call.timeout());
                  context.pipeToSelf(
                      call.left(),
                      (reason, broken) ->
                          new Abort(reason != null ? reason : Failure.internal(call.id().value())));
                  prepare(context, call, model, settings.maxTokens());
                  return Behaviors.receiveMessage(
                      command ->
                          switch (command) {
                            case Prepared(PreparedInputs.Ready ready) ->
                                new Embedding(
                                    context, timers, call, ready, router, replyTo, settings);
                            case Prepared(PreparedInputs.Refused refused) ->
                                end(replyTo, refused.failure());
                            case Abort abort -> end(replyTo, abort.failure());
                            case Timer timer ->
                                end(
                                    replyTo,
                                    Failure.deadlineExceeded(call.timeout().toMillis(), "queue"));
                            case FromReplica from -> Behaviors.same();
                            case FromScheduler from -> Behaviors.same();
                            case PlaceAgain again -> Behaviors.same();
                          });
                }));
  }

  /** Long texts take a while to tokenize, so that has threads of its own. */
  private static void prepare(
      ActorContext<Command> context, EmbeddingCall call, ServedModel model, int maxTokens) {
    Executor executor = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
    context.pipeToSelf(
        CompletableFuture.supplyAsync(
            () -> PreparedInputs.of(call.inputs(), model.text(), maxTokens), executor),
        (prepared, failed) -> {
          if (prepared != null) {
            return new Prepared(prepared);
          }
          context.getLog().error("the inputs of {} broke", call.id(), failed);
          return new Abort(Failure.internal(call.id().value()));
        });
  }

  private static Behavior<Command> end(ActorRef<EmbeddingReply> replyTo, Failure failure) {
    replyTo.tell(new Failed(failure));
    return Behaviors.stopped();
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    return switch (command) {
      case Abort abort -> fail(abort.failure());
      case Prepared prepared -> this;
      case FromReplica from -> onReplica(from.event());
      case FromScheduler from -> onScheduler(from.reply());
      case PlaceAgain again -> onPlaceAgain(again.part());
      case Timer timer -> timer == Timer.BEAT ? onBeat() : onDeadline();
    };
  }

  private void place(Part part) {
    part.attempt.place(
        new PlacementRequest(
            part.attempt.key(),
            null,
            part.longestTokens(),
            0,
            new long[0],
            call.priority(),
            ServiceClass.INTERACTIVE,
            remainingMillis(),
            schedulerReplies));
  }

  private Behavior<Command> onScheduler(Scheduler.Reply reply) {
    Part part = parts.get(reply.sequence().choice());
    if (!part.attempt.current(reply.sequence()) || part.attempt.phase() != Phase.PLACING) {
      return this;
    }
    return switch (reply) {
      case Scheduler.Assigned assigned -> start(part, assigned);
      case Scheduler.Refused refused -> fail(placed(part, refused.failure()));
    };
  }

  /** A context that is too short is so for the part's longest input. */
  private Failure placed(Part part, Failure failure) {
    return failure.code() == ErrorCode.CONTEXT_LENGTH_EXCEEDED
        ? failure.about(call.inputs().param(part.longestInput()))
        : failure;
  }

  private Behavior<Command> start(Part part, Scheduler.Assigned place) {
    if (firstPlace == null) {
      firstPlace = place;
    }
    int[] ids = part.ids();
    part.attempt.start(
        place,
        ids,
        first ->
            new Replica.Embed(
                part.attempt.key(),
                ids.length,
                first,
                part.lengths(),
                call.priority(),
                replicaEvents));
    return this;
  }

  private Behavior<Command> onReplica(Replica.Event event) {
    Part part = parts.get(event.sequence().choice());
    if (!part.attempt.current(event.sequence())) {
      return this;
    }
    part.attempt.heard();
    return switch (event) {
      case Replica.Vector vector -> onVector(part, vector);
      case Replica.Finished finished -> onFinished(part, finished.reason());
      case Replica.Declined declined -> giveUp(part);
      case Replica.Rejected rejected ->
          fail(Failure.invalidValue(call.inputs().param(part.firstInput()), rejected.reason()));
      case Replica.Broken broken -> placeElsewhere(part);
      case Replica.Alive alive -> this;
      case Replica.Begun begun -> this;
      case Replica.Tokens text -> this;
    };
  }

  private Behavior<Command> onVector(Part part, Replica.Vector vector) {
    if (vector.input() >= 0 && vector.input() < part.size()) {
      vectors[part.firstInput() + vector.input()] = vector.values();
    }
    return this;
  }

  private Behavior<Command> onFinished(Part part, FinishReason reason) {
    if (reason != FinishReason.STOP || !complete(part)) {
      return placeElsewhere(part);
    }
    part.attempt.finished();
    part.attempt.end();
    parts.stream()
        .filter(other -> other.attempt.phase() == Phase.WAITING)
        .findFirst()
        .ifPresent(this::place);
    if (!parts.stream().allMatch(each -> each.attempt.ended()) || firstPlace == null) {
      return this;
    }
    replyTo.tell(new Embedded(vectors, tokens, firstPlace.replica(), firstPlace.route()));
    return Behaviors.stopped();
  }

  private boolean complete(Part part) {
    for (int i = 0; i < part.size(); i++) {
      if (vectors[part.firstInput() + i] == null) {
        return false;
      }
    }
    return true;
  }

  private Behavior<Command> placeElsewhere(Part part) {
    if (part.attempt.lost() > attempts.maxResumes()) {
      getContext().getLog().error("request {} has lost its replica too often", call.id());
      return fail(Failure.internal(call.id().value()));
    }
    return giveUp(part);
  }

  private Behavior<Command> giveUp(Part part) {
    part.attempt.giveUp();
    timers.startSingleTimer(new PlaceAgain(part.attempt.key()), attempts.retryDelay());
    return this;
  }

  private Behavior<Command> onPlaceAgain(SequenceKey key) {
    Part part = parts.get(key.choice());
    if (part.attempt.current(key) && part.attempt.phase() == Phase.PAUSING) {
      place(part);
    }
    return this;
  }

  private Behavior<Command> onBeat() {
    long now = System.nanoTime();
    for (Part part : parts) {
      if (part.attempt.silent(now, attempts.lostAfter().toNanos())) {
        part.attempt.doubt();
        if (placeElsewhere(part) != this) {
          return Behaviors.stopped();
        }
      } else if (part.attempt.unplaced(now, attempts.placeAgainAfter().toNanos())) {
        place(part);
      } else {
        part.attempt.beat();
      }
    }
    return this;
  }

  private Behavior<Command> onDeadline() {
    String stage = firstPlace == null ? "queue" : "prefill";
    return fail(Failure.deadlineExceeded(call.timeout().toMillis(), stage));
  }

  private Behavior<Command> fail(Failure failure) {
    replyTo.tell(new Failed(failure));
    parts.forEach(part -> part.attempt.leave());
    return Behaviors.stopped();
  }

  private long remainingMillis() {
    Duration spent = Duration.ofNanos(System.nanoTime() - startNanos);
    return Math.max(0, call.timeout().minus(spent).toMillis());
  }
}
