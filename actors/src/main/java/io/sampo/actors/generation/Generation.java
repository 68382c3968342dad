package io.sampo.actors.generation;

import io.sampo.actors.attempt.Attempt.Phase;
import io.sampo.actors.generation.GenerationEvent.ChoiceFinished;
import io.sampo.actors.generation.GenerationEvent.Completed;
import io.sampo.actors.generation.GenerationEvent.Delta;
import io.sampo.actors.generation.GenerationEvent.Failed;
import io.sampo.actors.generation.GenerationEvent.Reason;
import io.sampo.actors.generation.GenerationEvent.Started;
import io.sampo.actors.generation.GenerationRequest.Constraint;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.scheduler.Scheduler;
import io.sampo.actors.standby.Standby;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.SequenceKey;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * One request from its prompts to its terminal event.
 *
 * <p>Each answer is placed, started, and followed by beats. When its replica declines, breaks or
 * falls silent, the answer is placed again with what it has emitted as part of the prompt, under
 * the next epoch: the client sees a pause. Tokens are allowed in windows that move with the reader,
 * so that a slow reader slows its own decoding and nobody else's.
 */
public final class Generation extends AbstractMatchingBehavior<Generation.Command> {

  public sealed interface Command {}

  /** The reader has room for that many more events. */
  public record Grant(int events) implements Command {}

  /** The client has gone. */
  public record HangUp() implements Command {}

  /** Ends the request with a failure, whatever it is doing. */
  public record Abort(Failure failure) implements Command {}

  record Prepared(Preparation.Result result) implements Command {}

  record FromReplica(Replica.Event event) implements Command {}

  record FromScheduler(Scheduler.Reply reply) implements Command {}

  record PlaceAgain(SequenceKey sequence) implements Command {}

  record FromStandby(Standby.Note note) implements Command {}

  enum Timer implements Command {
    BEAT,
    DEADLINE
  }

  private final TimerScheduler<Command> timers;
  private final Job job;
  private final GenerationSettings settings;
  private final AnswerSet answers;
  private final Attempts attempts;
  private final Outbox outbox;
  private final Emission emission;

  /** Null where the client cannot come back. */
  private final @Nullable Journal journal;

  private long readerNanos = System.nanoTime();

  /** Events that cost credit and went to the reader's mailbox. */
  private long told;

  private boolean begun;
  private Scheduler.@Nullable Assigned firstPlace;

  /** For {@link Preparing}: a request whose prompts are there; {@link #begin} follows. */
  Generation(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Job job,
      Preparation.Ready ready,
      int credit) {
    super(context);
    this.timers = timers;
    this.job = job;
    this.settings = job.settings();
    this.answers = new AnswerSet(job, ready);
    this.attempts =
        new Attempts(
            job,
            ready.rules(),
            context.messageAdapter(Scheduler.Reply.class, FromScheduler::new),
            context.messageAdapter(Replica.Event.class, FromReplica::new));
    this.outbox = new Outbox(credit);
    this.emission = new Emission(job.model().text(), ready.rules().shownTokens(), outbox);
    ResumableStream stream = job.stream();
    this.journal = stream == null ? null : new Journal(stream, answers, job.request().answers());
    timers.startTimerWithFixedDelay(Timer.BEAT, settings.beatInterval());
  }

  /**
   * Makes the actor of one request, whose time runs from now on.
   *
   * @param router delivers a message to the router of the request's model
   * @param reader hears the events
   * @param stream what its client can come back to; null where it cannot
   * @param suspects requests that engines died of
   */
  public static Behavior<Command> create(
      GenerationRequest request,
      ServedModel model,
      Consumer<Router.Command> router,
      Reader reader,
      int credit,
      @Nullable ResumableStream stream,
      Suspects suspects,
      GenerationSettings settings) {
    Deadline deadline = Deadline.after(request.timeout());
    return Preparing.create(
        new Job(request, model, deadline, router, reader, stream, suspects, settings), credit);
  }

  Behavior<Command> begin() {
    for (PreparedPrompt prompt : answers.prompts()) {
      if (job.suspects().quarantined(fingerprint(prompt))) {
        return fail(Failure.quarantined());
      }
    }
    if (journal != null) {
      journal.begin(
          job.deadline().remaining(),
          getContext().messageAdapter(Standby.Note.class, FromStandby::new));
    }
    openAnswers();
    return flush();
  }

  /** Sets out for as many answers as may be under way; without tokens to tell they end at once. */
  private void openAnswers() {
    while (answers.open() instanceof Answer answer) {
      ResumableStream.Begun before = journal == null ? null : journal.before(answer);
      if (before != null) {
        goOn(answer, before);
      } else if (job.request().maxTokens() > 0 || answer.recites()) {
        attempts.place(answer);
      } else {
        emission.echo(answer);
        emission.end(answer, Reason.LENGTH);
        answers.close(answer);
      }
    }
  }

  /** Goes on with an answer of an earlier turn of the stream. */
  private void goOn(Answer answer, ResumableStream.Begun before) {
    if (!emission.replay(answer, before) && answer.nextIndex() < job.request().maxTokens()) {
      attempts.place(answer);
      return;
    }
    if (answer.ended() == null) {
      emission.end(answer, answer.text.stopped() ? Reason.STOP : Reason.LENGTH);
    }
    answers.close(answer);
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    return switch (command) {
      case Grant grant -> onGrant(grant.events());
      case HangUp hangUp -> stop();
      case Abort abort -> fail(abort.failure());
      case Prepared prepared -> this;
      case FromReplica from -> onReplica(from.event());
      case FromScheduler from -> onScheduler(from.reply());
      case PlaceAgain again -> onPlaceAgain(again.sequence());
      case FromStandby from -> onStandby(from.note());
      case Timer timer -> timer == Timer.BEAT ? onBeat() : onDeadline();
    };
  }

  private Behavior<Command> onGrant(int events) {
    outbox.grant(events);
    readerNanos = System.nanoTime();
    return flush();
  }

  private Behavior<Command> onStandby(Standby.Note note) {
    if (journal == null) {
      return this;
    }
    return switch (note) {
      case Standby.Note.Kept kept -> {
        journal.onKept(kept);
        yield this;
      }
      case Standby.Note.Alone alone -> {
        journal.onAlone();
        yield this;
      }
      case Standby.Note.Superseded superseded -> fail(Failure.readerStalled());
    };
  }

  private Behavior<Command> onScheduler(Scheduler.Reply reply) {
    Answer answer = answers.current(reply.sequence());
    if (answer == null || answer.attempt.phase() != Phase.PLACING) {
      return this;
    }
    return switch (reply) {
      case Scheduler.Assigned assigned -> {
        firstPlace = firstPlace == null ? assigned : firstPlace;
        attempts.start(answer, assigned);
        yield this;
      }
      case Scheduler.Refused refused -> onRefused(answer, refused.failure());
    };
  }

  /**
   * An answer that is to go on elsewhere may have filled the context already. A request that has
   * begun is not refused because the others are many: it asks again, as long as it has time.
   */
  private Behavior<Command> onRefused(Answer answer, Failure failure) {
    return switch (failure.code()) {
      case CONTEXT_LENGTH_EXCEEDED ->
          answer.count() > 0
              ? endAnswer(answer, Reason.LENGTH)
              : fail(failure.about(answer.prompt.param()));
      case OVERLOADED -> {
        if (!begun) {
          yield fail(failure);
        }
        giveUp(answer, Duration.ofSeconds(failure.retryAfterSeconds()));
        yield this;
      }
      default -> fail(failure);
    };
  }

  private Behavior<Command> onReplica(Replica.Event event) {
    Answer answer = answers.current(event.sequence());
    if (answer == null) {
      return this;
    }
    answer.attempt.heard();
    return switch (event) {
      case Replica.Tokens tokens -> onTokens(answer, tokens);
      case Replica.Alive alive -> this;
      case Replica.Vector vector -> this;
      case Replica.Begun started -> onBegun(answer, started);
      case Replica.Finished finished -> onFinished(answer, finished);
      case Replica.Declined declined -> {
        giveUp(answer, settings.retryDelay());
        yield this;
      }
      case Replica.Rejected rejected -> fail(rejection(answer, rejected.reason()));
      case Replica.Broken broken -> onEngineLost(answer);
    };
  }

  private Behavior<Command> onBegun(Answer answer, Replica.Begun started) {
    answer.attempt.running();
    int cached = Math.min(started.cachedTokens(), answer.prompt.ids().length);
    if (!begun && firstPlace instanceof Scheduler.Assigned place) {
      begun = true;
      outbox.started(new Started(answers.promptTokens(), cached, place.replica(), place.route()));
    }
    if (answer.begin()) {
      answers.cached(answer.choice() == 0 ? cached : 0);
      emission.echo(answer);
    }
    attempts.allowMore(answer);
    return flush();
  }

  private Behavior<Command> onTokens(Answer answer, Replica.Tokens tokens) {
    int expected = answer.nextIndex();
    if (tokens.firstIndex() > expected) {
      getContext()
          .getLog()
          .warn("{}: tokens {} to {} are missing", answers, expected, tokens.firstIndex());
      return resumeElsewhere(answer);
    }
    if (emission.take(answer, tokens)) {
      return endAnswer(answer, Reason.STOP);
    }
    attempts.allowMore(answer);
    if (journal != null) {
      journal.tell(answer);
    }
    return flush();
  }

  private Behavior<Command> onFinished(Answer answer, Replica.Finished finished) {
    answer.attempt.finished();
    if (finished.nextIndex() > answer.nextIndex()) {
      getContext().getLog().warn("{}: its last tokens are missing", answers);
      return resumeElsewhere(answer);
    }
    return switch (finished.reason()) {
      case STOP -> endAnswer(answer, Reason.STOP);
      case LENGTH -> endAnswer(answer, Reason.LENGTH);
      // Nobody here asked for it: the replica is being stopped, or took us for dead.
      case CANCELLED -> resumeElsewhere(answer);
    };
  }

  private Behavior<Command> endAnswer(Answer answer, Reason reason) {
    emission.end(answer, reason);
    answers.close(answer);
    openAnswers();
    return flush();
  }

  /** A replica looks at a prompt's length, at its grammar and at its adapter. */
  private Failure rejection(Answer answer, String reason) {
    String adapter = job.request().adapter();
    if (adapter != null && reason.startsWith("the adapter")) {
      return Failure.adapterNotFound("model", adapter);
    }
    Constraint constraint = job.request().constraint();
    return Failure.invalidValue(
        constraint != null && reason.startsWith("the grammar")
            ? constraint.param()
            : answer.prompt.param(),
        reason);
  }

  private Behavior<Command> resumeElsewhere(Answer answer) {
    if (answer.nextIndex() >= job.request().maxTokens()) {
      return endAnswer(answer, Reason.LENGTH);
    }
    if (answer.attempt.lost() > settings.maxResumes()) {
      return fail(Failure.internal(job.request().id().value()));
    }
    getContext()
        .getLog()
        .info("{}: resuming answer {} at token {}", answers, answer.number(), answer.count());
    giveUp(answer, settings.retryDelay());
    return this;
  }

  /**
   * The engine may have died of this very answer. Where it had got further, it goes on at once;
   * where not, others that ran beside it go first, so that they are further when the next one dies.
   */
  private Behavior<Command> onEngineLost(Answer answer) {
    if (answer.advanced()) {
      return resumeElsewhere(answer);
    }
    if (job.suspects().lost(fingerprint(answer.prompt))) {
      return fail(Failure.quarantined());
    }
    Behavior<Command> next = resumeElsewhere(answer);
    if (next == this && answer.attempt.phase() == Phase.PAUSING) {
      long extra = ThreadLocalRandom.current().nextLong(settings.suspectDelay().toMillis() + 1);
      timers.startSingleTimer(
          new PlaceAgain(answer.attempt.key()), settings.retryDelay().plusMillis(extra));
    }
    return next;
  }

  private long fingerprint(PreparedPrompt prompt) {
    return Suspects.fingerprint(prompt.ids(), job.request().adapter(), attempts.grammar());
  }

  private void giveUp(Answer answer, Duration pause) {
    answer.attempt.giveUp();
    timers.startSingleTimer(new PlaceAgain(answer.attempt.key()), pause);
  }

  private Behavior<Command> onPlaceAgain(SequenceKey sequence) {
    Answer answer = answers.current(sequence);
    if (answer != null && answer.attempt.phase() == Phase.PAUSING) {
      attempts.place(answer);
    }
    return this;
  }

  private Behavior<Command> onBeat() {
    long now = System.nanoTime();
    if (outbox.isEmpty()) {
      readerNanos = now;
    } else if (now - readerNanos > settings.readerStallLimit().toNanos()) {
      return fail(Failure.readerStalled());
    }
    for (int i = 0; i < answers.opened().size(); i++) {
      Answer answer = answers.get(i);
      if (answer.attempt.silent(now, settings.lostAfter().toNanos())) {
        answer.attempt.doubt();
        if (onEngineLost(answer) != this) {
          return Behaviors.stopped();
        }
      } else if (answer.attempt.unplaced(now, settings.placeAgainAfter().toNanos())) {
        attempts.place(answer);
      } else {
        answer.attempt.beat();
      }
      if (journal != null) {
        journal.tellAll(answer);
      }
    }
    return this;
  }

  private Behavior<Command> onDeadline() {
    boolean decoding = answers.opened().stream().anyMatch(answer -> answer.count() > 0);
    String stage = decoding ? "decode" : begun ? "prefill" : "queue";
    return fail(Failure.deadlineExceeded(job.deadline().limit().toMillis(), stage));
  }

  /**
   * Hands out what the credit allows, lets replicas go on, and ends the request when nothing is
   * left.
   */
  private Behavior<Command> flush() {
    while (outbox.poll() instanceof GenerationEvent event) {
      switch (event) {
        case Delta delta -> hand(journal == null ? delta : journal.stamped(delta));
        case ChoiceFinished end -> tell(journal == null ? end : journal.stamped(end));
        case Started started -> tell(journal == null ? started : journal.stamped(started));
        default -> tell(event);
      }
    }
    if (!answers.allClosed() || !outbox.isEmpty()) {
      return this;
    }
    job.reader().tell(new Completed(answers.usage()));
    return stop();
  }

  private void hand(Delta delta) {
    if (job.reader().shortcut().carry(delta, told)) {
      outbox.grant(1);
      readerNanos = System.nanoTime();
    } else {
      tell(delta);
    }
    attempts.allowMore(answers.get(delta.choice()));
  }

  private void tell(GenerationEvent event) {
    told++;
    job.reader().tell(event);
  }

  private Behavior<Command> fail(Failure failure) {
    if (failure.code() == ErrorCode.INTERNAL_ERROR) {
      getContext().getLog().error("{}: request {} failed", answers, job.request().id());
    }
    job.reader().tell(new Failed(failure));
    return stop();
  }

  private Behavior<Command> stop() {
    answers.opened().forEach(answer -> answer.attempt.leave());
    if (journal != null) {
      journal.rest();
    }
    return Behaviors.stopped();
  }
}
