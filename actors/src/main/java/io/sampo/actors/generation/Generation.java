package io.sampo.actors.generation;

import io.sampo.actors.generation.Answer.Phase;
import io.sampo.actors.generation.GenerationEvent.Admitted;
import io.sampo.actors.generation.GenerationEvent.ChoiceFinished;
import io.sampo.actors.generation.GenerationEvent.Completed;
import io.sampo.actors.generation.GenerationEvent.Failed;
import io.sampo.actors.generation.GenerationEvent.Reason;
import io.sampo.actors.generation.GenerationEvent.Started;
import io.sampo.actors.generation.GenerationEvent.TokenText;
import io.sampo.actors.generation.GenerationEvent.Usage;
import io.sampo.actors.generation.GenerationRequest.Constraint;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.scheduler.PlacementRequest;
import io.sampo.actors.scheduler.Scheduler;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.TextCodec;
import io.sampo.engines.spi.TokenLogprobs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
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
 * One request from its prompt to its terminal event.
 *
 * <p>Each answer is placed, started, and followed by beats. When its replica declines, breaks or
 * falls silent, the answer is placed again with what it has emitted as part of the prompt, under
 * the next epoch: the client sees a pause. Tokens are allowed in windows that move with the reader,
 * so that a slow reader slows its own decoding and nobody else's.
 */
public final class Generation extends AbstractMatchingBehavior<Generation.Command> {

  /** Ids in one message to a replica, well below the frame limit of the cluster's transport. */
  static final int PIECE_TOKENS = 16_384;

  public sealed interface Command {}

  /** The reader has room for that many more events. */
  public record Grant(int events) implements Command {}

  /** The client has gone. */
  public record HangUp() implements Command {}

  /** Ends the request with a failure, whatever it is doing. */
  public record Abort(Failure failure) implements Command {}

  private record Prepared(PreparedPrompt result) implements Command {}

  private record FromReplica(Replica.Event event) implements Command {}

  private record FromScheduler(Scheduler.Reply reply) implements Command {}

  private record PlaceAgain(SequenceKey sequence) implements Command {}

  private enum Timer implements Command {
    BEAT,
    DEADLINE
  }

  private final TimerScheduler<Command> timers;
  private final String name = UUID.randomUUID().toString();
  private final GenerationRequest request;
  private final TextCodec codec;
  private final int[] promptIds;
  private final Sampling sampling;
  private final BitSet shownTokens = new BitSet();
  private final long[] blockHashes;
  private final Consumer<Router.Command> router;
  private final ActorRef<GenerationEvent> reader;
  private final GenerationSettings settings;
  private final ActorRef<Replica.Event> replicaEvents;
  private final ActorRef<Scheduler.Reply> schedulerReplies;
  private final Outbox outbox;
  private final List<Answer> answers = new ArrayList<>();
  private final long startNanos = System.nanoTime();
  private long readerNanos = startNanos;
  private boolean begun;
  private int cachedTokens;
  private Scheduler.@Nullable Assigned firstPlace;

  private Generation(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      GenerationRequest request,
      TextCodec codec,
      PreparedPrompt.Ready prompt,
      Consumer<Router.Command> router,
      ActorRef<GenerationEvent> reader,
      int credit,
      GenerationSettings settings) {
    super(context);
    this.timers = timers;
    this.request = request;
    this.codec = codec;
    this.promptIds = prompt.ids();
    this.sampling = request.sampling().withGrammar(prompt.grammar());
    Arrays.stream(prompt.shownTokens()).forEach(shownTokens::set);
    this.blockHashes = prompt.blockHashes();
    this.router = router;
    this.reader = reader;
    this.settings = settings;
    this.outbox = new Outbox(credit);
    this.replicaEvents = context.messageAdapter(Replica.Event.class, FromReplica::new);
    this.schedulerReplies = context.messageAdapter(Scheduler.Reply.class, FromScheduler::new);
    List<String> stops = new ArrayList<>(request.stops());
    stops.addAll(prompt.stops());
    for (int choice = 0; choice < request.choices(); choice++) {
      String format = prompt.format();
      answers.add(
          new Answer(
              name,
              choice,
              stops,
              request.includeStop(),
              format == null ? null : new AnswerFormat(codec, format)));
    }
    timers.startTimerWithFixedDelay(Timer.BEAT, settings.beatInterval());
    answers.forEach(this::place);
  }

  /**
   * Makes the actor of one request.
   *
   * @param router delivers a message to the router of the request's model
   * @param reader hears the events, at the cost of credit
   */
  public static Behavior<Command> create(
      GenerationRequest request,
      ServedModel model,
      Consumer<Router.Command> router,
      ActorRef<GenerationEvent> reader,
      int credit,
      GenerationSettings settings) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  reader.tell(new Admitted(context.getSelf()));
                  context.watchWith(reader, new HangUp());
                  timers.startSingleTimer(Timer.DEADLINE, request.timeout());
                  Executor executor =
                      context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
                  context.pipeToSelf(
                      CompletableFuture.supplyAsync(
                          () -> PreparedPrompt.of(request, model), executor),
                      (prepared, failed) -> {
                        if (prepared != null) {
                          return new Prepared(prepared);
                        }
                        context.getLog().error("the prompt of {} broke", request.id(), failed);
                        return new Abort(Failure.internal(request.id().value()));
                      });
                  return preparing(
                      credit,
                      reader,
                      request,
                      (prompt, granted) ->
                          new Generation(
                              context,
                              timers,
                              request,
                              model.text(),
                              prompt,
                              router,
                              reader,
                              granted,
                              settings));
                }));
  }

  /** Makes a generation of a prompt and the credit that came in the meantime. */
  private interface Beginning {
    Behavior<Command> begin(PreparedPrompt.Ready prompt, int credit);
  }

  /**
   * While the prompt is rendered and tokenized, which takes a while for a long one and so has
   * threads of its own.
   */
  private static Behavior<Command> preparing(
      int credit,
      ActorRef<GenerationEvent> reader,
      GenerationRequest request,
      Beginning beginning) {
    return Behaviors.receiveMessage(
        command ->
            switch (command) {
              case Prepared(PreparedPrompt.Ready prompt) -> beginning.begin(prompt, credit);
              case Prepared(PreparedPrompt.Refused refused) -> end(reader, refused.failure());
              case Grant grant -> preparing(credit + grant.events(), reader, request, beginning);
              case HangUp hangUp -> Behaviors.stopped();
              case Abort abort -> end(reader, abort.failure());
              case Timer timer ->
                  end(reader, Failure.deadlineExceeded(request.timeout().toMillis(), "queue"));
              case FromReplica from -> Behaviors.same();
              case FromScheduler from -> Behaviors.same();
              case PlaceAgain again -> Behaviors.same();
            });
  }

  private static Behavior<Command> end(ActorRef<GenerationEvent> reader, Failure failure) {
    reader.tell(new Failed(failure));
    return Behaviors.stopped();
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
      case Timer timer -> timer == Timer.BEAT ? onBeat() : onDeadline();
    };
  }

  private Behavior<Command> onGrant(int events) {
    outbox.grant(events);
    readerNanos = System.nanoTime();
    return flush();
  }

  private Behavior<Command> onScheduler(Scheduler.Reply reply) {
    Answer answer = answers.get(reply.sequence().choice());
    if (!answer.current(reply.sequence()) || answer.phase() != Phase.PLACING) {
      return this;
    }
    return switch (reply) {
      case Scheduler.Assigned assigned -> start(answer, assigned);
      case Scheduler.Refused refused ->
          outgrown(answer, refused.failure())
              ? endAnswer(answer, Reason.LENGTH)
              : fail(refused.failure());
    };
  }

  /** An answer that is to go on elsewhere may have filled the context already. */
  private static boolean outgrown(Answer answer, Failure failure) {
    return answer.count() > 0 && failure.code() == ErrorCode.CONTEXT_LENGTH_EXCEEDED;
  }

  private Behavior<Command> onReplica(Replica.Event event) {
    Answer answer = answers.get(event.sequence().choice());
    if (!answer.current(event.sequence())) {
      return this;
    }
    answer.heard(System.nanoTime());
    return switch (event) {
      case Replica.Tokens tokens -> onTokens(answer, tokens);
      case Replica.Alive alive -> this;
      case Replica.Begun started -> onBegun(answer, started);
      case Replica.Finished finished -> onFinished(answer, finished.reason());
      case Replica.Declined declined -> {
        giveUp(answer);
        yield this;
      }
      case Replica.Rejected rejected -> fail(rejection(rejected.reason()));
      case Replica.Broken broken -> resumeElsewhere(answer);
    };
  }

  private void place(Answer answer) {
    answer.placing(System.nanoTime());
    router.accept(
        new Router.Place(
            new PlacementRequest(
                answer.key(),
                request.session(),
                promptIds.length + answer.count(),
                blockHashes,
                request.priority(),
                remainingMillis(),
                schedulerReplies)));
  }

  private Behavior<Command> start(Answer answer, Scheduler.Assigned place) {
    if (firstPlace == null) {
      firstPlace = place;
    }
    int[] prompt = answer.continuationOf(promptIds);
    int tokenLimit = answer.delivered() + settings.window();
    answer.starting(place.ref(), tokenLimit, System.nanoTime());
    int first = Math.min(PIECE_TOKENS, prompt.length);
    place
        .ref()
        .tell(
            new Replica.Start(
                answer.key(),
                prompt.length,
                first == prompt.length ? prompt : Arrays.copyOf(prompt, first),
                answer.count(),
                request.maxTokens(),
                tokenLimit,
                sampling.withChoice(answer.choice()),
                request.priority(),
                replicaEvents));
    for (int offset = first; offset < prompt.length; offset += PIECE_TOKENS) {
      int end = Math.min(prompt.length, offset + PIECE_TOKENS);
      place
          .ref()
          .tell(
              new Replica.PromptPiece(
                  answer.key(), offset, Arrays.copyOfRange(prompt, offset, end)));
    }
    return this;
  }

  private Behavior<Command> onBegun(Answer answer, Replica.Begun started) {
    answer.running(System.nanoTime());
    if (!begun && firstPlace != null) {
      begun = true;
      cachedTokens = Math.min(started.cachedTokens(), promptIds.length);
      ReplicaId replica = firstPlace.replica();
      outbox.started(new Started(promptIds.length, cachedTokens, replica, firstPlace.route()));
    }
    return flush();
  }

  private Behavior<Command> onTokens(Answer answer, Replica.Tokens tokens) {
    int expected = answer.count();
    if (tokens.firstIndex() > expected) {
      getContext()
          .getLog()
          .warn("{}: tokens {} to {} are missing", name, expected, tokens.firstIndex());
      return resumeElsewhere(answer);
    }
    for (int i = expected - tokens.firstIndex(); i < tokens.ids().length; i++) {
      int id = tokens.ids()[i];
      TokenLogprobs[] logprobs = tokens.logprobs();
      answer.emitted(id);
      String text = answer.text.append(codec.piece(id, shownTokens.get(id)));
      List<TokenText> shown =
          logprobs == null ? List.of() : List.of(TokenTexts.of(codec, id, logprobs[i]));
      tell(answer, text, shown);
      if (answer.text.stopped()) {
        return endAnswer(answer, Reason.STOP);
      }
    }
    return flush();
  }

  /** Queues one token's share of an answer. */
  private void tell(Answer answer, String text, List<TokenText> shown) {
    AnswerFormat format = answer.format;
    AnswerPieces pieces = null;
    if (format != null) {
      pieces = format.append(text, System.nanoTime());
      if (format.reasonsStill()) {
        answer.thought();
      }
    }
    if (shown.isEmpty() && (pieces == null ? text.isEmpty() : pieces.isEmpty())) {
      answer.delivered(1);
    } else if (pieces == null) {
      outbox.delta(answer.choice(), text, shown, 1);
    } else {
      outbox.delta(answer.choice(), pieces, shown, 1);
    }
  }

  private Behavior<Command> onFinished(Answer answer, FinishReason reason) {
    return switch (reason) {
      case STOP -> endAnswer(answer, Reason.STOP);
      case LENGTH -> endAnswer(answer, Reason.LENGTH);
      // Nobody here asked for it: the replica is being stopped, or took us for dead.
      case CANCELLED -> resumeElsewhere(answer);
    };
  }

  private Behavior<Command> endAnswer(Answer answer, Reason reason) {
    String rest = answer.text.stopped() ? "" : answer.text.finish();
    AnswerFormat format = answer.format;
    Reason told = reason;
    if (format != null) {
      outbox.delta(answer.choice(), format.finish(rest, reason == Reason.STOP), List.of(), 0);
      told = reason == Reason.STOP && format.calledTools() ? Reason.TOOL_CALLS : reason;
    } else if (!rest.isEmpty()) {
      outbox.delta(answer.choice(), rest, List.of(), 0);
    }
    leaveReplica(answer);
    answer.end();
    outbox.finished(new ChoiceFinished(answer.choice(), told));
    return flush();
  }

  /** A replica looks at a prompt's length and at its grammar. */
  private Failure rejection(String reason) {
    Constraint constraint = request.constraint();
    String param = constraint == null ? "messages" : constraint.param();
    return Failure.invalidValue(reason.startsWith("the grammar") ? param : "messages", reason);
  }

  private Behavior<Command> resumeElsewhere(Answer answer) {
    if (answer.count() >= request.maxTokens()) {
      return endAnswer(answer, Reason.LENGTH);
    }
    if (answer.resumed() > settings.maxResumes()) {
      return fail(Failure.internal(request.id().value()));
    }
    getContext()
        .getLog()
        .info("{}: resuming answer {} at token {}", name, answer.choice(), answer.count());
    giveUp(answer);
    return this;
  }

  private void giveUp(Answer answer) {
    leaveReplica(answer);
    answer.giveUp();
    PlaceAgain again = new PlaceAgain(answer.key());
    timers.startSingleTimer(again, settings.retryDelay());
  }

  private Behavior<Command> onPlaceAgain(SequenceKey sequence) {
    Answer answer = answers.get(sequence.choice());
    if (answer.current(sequence) && answer.phase() == Phase.PAUSING) {
      place(answer);
    }
    return this;
  }

  /**
   * Frees the sequence's place, also where it only waits for one. A replica that has ended it
   * already ignores this.
   */
  private void leaveReplica(Answer answer) {
    ActorRef<Replica.Command> replica = answer.replica();
    if (replica != null) {
      replica.tell(new Replica.Cancel(answer.key()));
    }
    router.accept(new Router.Release(answer.key()));
  }

  private Behavior<Command> onBeat() {
    long now = System.nanoTime();
    if (outbox.isEmpty()) {
      readerNanos = now;
    } else if (now - readerNanos > settings.readerStallLimit().toNanos()) {
      return fail(Failure.readerStalled());
    }
    for (Answer answer : answers) {
      if (answer.silent(now, settings.lostAfter().toNanos())) {
        if (resumeElsewhere(answer) != this) {
          return Behaviors.stopped();
        }
      } else if (answer.unplaced(now, settings.placeAgainAfter().toNanos())) {
        place(answer);
      } else if (!answer.ended() && answer.replica() instanceof ActorRef<Replica.Command> replica) {
        replica.tell(new Replica.GenerationAlive(answer.key()));
      }
    }
    return this;
  }

  private Behavior<Command> onDeadline() {
    String stage =
        answers.stream().anyMatch(answer -> answer.count() > 0)
            ? "decode"
            : begun ? "prefill" : "queue";
    return fail(Failure.deadlineExceeded(request.timeout().toMillis(), stage));
  }

  /**
   * Hands out what the credit allows, lets replicas go on, and ends the request when nothing is
   * left.
   */
  private Behavior<Command> flush() {
    while (outbox.poll() instanceof Outbox.Sent sent) {
      reader.tell(sent.event());
      if (sent.tokenCount() > 0) {
        answers.get(sent.choice()).delivered(sent.tokenCount());
      }
    }
    boolean ended = true;
    for (Answer answer : answers) {
      ended &= answer.ended();
      int limit = answer.extend(settings.window());
      if (limit > 0 && answer.replica() instanceof ActorRef<Replica.Command> replica) {
        replica.tell(new Replica.Allow(answer.key(), limit));
      }
    }
    if (!ended || !outbox.isEmpty()) {
      return this;
    }
    int completionTokens = answers.stream().mapToInt(Answer::count).sum();
    int reasoningTokens = answers.stream().mapToInt(Answer::reasoningTokens).sum();
    reader.tell(
        new Completed(
            new Usage(promptIds.length, cachedTokens, completionTokens, reasoningTokens)));
    return Behaviors.stopped();
  }

  private Behavior<Command> fail(Failure failure) {
    if (failure.code() == ErrorCode.INTERNAL_ERROR) {
      getContext().getLog().error("{}: request {} failed", name, request.id());
    }
    reader.tell(new Failed(failure));
    return stop();
  }

  private Behavior<Command> stop() {
    answers.stream().filter(answer -> !answer.ended()).forEach(this::leaveReplica);
    return Behaviors.stopped();
  }

  private long remainingMillis() {
    Duration spent = Duration.ofNanos(System.nanoTime() - startNanos);
    return Math.max(0, request.timeout().minus(spent).toMillis());
  }
}
