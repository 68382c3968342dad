package io.sampo.actors.replica;

import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.WireMessage;
import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.Priority;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceRequest;
import io.sampo.engines.spi.TokenLogprobs;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.jspecify.annotations.Nullable;

/** Runs one model on one engine; the final arbiter of how many sequences that engine takes. */
public final class Replica extends AbstractMatchingBehavior<Replica.Command> {

  public static final EntityTypeKey<Command> TYPE = EntityTypeKey.create(Command.class, "replica");

  public sealed interface Command {}

  /** Wants this model loaded; repeated as long as it is wanted. */
  public record Load(ModelSpec spec) implements Command, WireMessage {}

  /**
   * What takes a place on the engine. Tokens beyond what one message takes come in pieces: the
   * first ids here, the others in {@link PromptPiece}s, in order.
   */
  public sealed interface Work extends Command, WireMessage {

    SequenceKey sequence();

    /** How many tokens there are in all. */
    int promptTokens();

    int[] promptIds();

    int priority();

    /** The adapter it is computed with, or null for the model itself. */
    default @Nullable String adapter() {
      return null;
    }

    ActorRef<Event> replyTo();
  }

  /**
   * Starts a sequence.
   *
   * @param adapter the name of the adapter to answer with, or null for the model itself
   * @param firstIndex as in {@link SequenceRequest}
   * @param tokenLimit the first {@link Allow}
   * @param priority how urgent it is, see {@link Priority}
   * @param cache what it may take from earlier ones, and leave to later ones
   */
  public record Start(
      SequenceKey sequence,
      @Nullable String adapter,
      int promptTokens,
      int[] promptIds,
      int firstIndex,
      int maxTokens,
      int tokenLimit,
      Sampling sampling,
      int priority,
      CacheUse cache,
      ActorRef<Event> replyTo)
      implements Work {

    public Start {
      Priority.checked(priority);
    }
  }

  /**
   * Computes vectors. Each is told by {@link Vector}, their end by {@link Finished}.
   *
   * @param promptIds of all inputs, one after the other
   * @param lengths how many of all the tokens belong to each input
   * @param priority how urgent it is, see {@link Priority}
   */
  public record Embed(
      SequenceKey sequence,
      int promptTokens,
      int[] promptIds,
      int[] lengths,
      int priority,
      ActorRef<Event> replyTo)
      implements Work {

    public Embed {
      Priority.checked(priority);
    }
  }

  public record PromptPiece(SequenceKey sequence, int offset, int[] ids)
      implements Command, WireMessage {}

  /** The generation has room for tokens up to this index, exclusive. */
  public record Allow(SequenceKey sequence, int tokenLimit) implements Command, WireMessage {}

  public record Cancel(SequenceKey sequence) implements Command, WireMessage {}

  /** The generation is still there. */
  public record GenerationAlive(SequenceKey sequence) implements Command, WireMessage {}

  /** Wants an adapter loaded beside what runs. */
  public record LoadAdapter(Adapter adapter, ActorRef<AdapterSettled> replyTo)
      implements Command, WireMessage {}

  /** Wants an adapter gone; sequences that use it may end, within a limit. */
  public record UnloadAdapter(String name, ActorRef<AdapterSettled> replyTo)
      implements Command, WireMessage {}

  /**
   * An adapter is loaded, or gone.
   *
   * @param failure why not, or null
   */
  public record AdapterSettled(ReplicaId replica, String name, @Nullable Failure failure)
      implements WireMessage {}

  /**
   * Takes nothing new from now on; what runs may end here for so long and then goes on elsewhere.
   * May be repeated, also with another time.
   *
   * @param graceMillis 0 or more
   */
  public record Drain(long graceMillis) implements Command, WireMessage {}

  /** Takes a {@link Drain} back; ignored where the node is being stopped. */
  public record Undrain() implements Command, WireMessage {}

  /** Is wanted no more, and ends if it is drained and runs nothing; asked again otherwise. */
  public record Unload() implements Command, WireMessage {}

  /**
   * Its node is being stopped: drained, and not to be taken back.
   *
   * @param replyTo hears when nothing runs any more
   */
  public record DrainForGood(Duration grace, ActorRef<Done> replyTo) implements Command {}

  /**
   * Its node is about to leave: takes nothing new, and what runs goes on elsewhere.
   *
   * @param replyTo hears when all of that was told
   */
  public record Leave(ActorRef<Done> replyTo) implements Command {}

  private record AdapterLoaded(
      Adapter adapter, ActorRef<AdapterSettled> replyTo, @Nullable Throwable failure)
      implements Command {}

  private record AdapterGone(String name, ActorRef<AdapterSettled> replyTo) implements Command {}

  /** Who still uses an adapter that is to go has had its time. */
  private record EndUsers(String adapter) implements Command {}

  private record Loaded(Engine engine) implements Command {}

  private record LoadFailed(EngineException failure) implements Command {}

  private record CanaryAnswered(Engine engine, boolean produced) implements Command {}

  /** What the node has of a sequence's KV is in the engine, or on its way there in order. */
  record Restored(SequenceKey sequence) implements Command {}

  /** The engine has computed a long prompt. */
  record PromptComputed(SequenceKey sequence, int[] tokens) implements Command {}

  /**
   * The engine has ended a sequence.
   *
   * @param tokens all of it, prompt and answer; null where they are nobody's business
   */
  record SequenceEnded(SequenceKey sequence, int @Nullable [] tokens) implements Command {}

  record EngineBroke(Engine engine) implements Command {}

  /** Ends the actor; what sharding sends when it takes the entity away. */
  public enum Stop implements Command {
    STOP
  }

  private enum Timer implements Command {
    BEAT,
    REPORT,
    RELOAD,
    GRACE
  }

  /** What a generation hears of a sequence. */
  public sealed interface Event extends WireMessage {
    SequenceKey sequence();
  }

  /** The engine has begun with the prompt. */
  public record Begun(SequenceKey sequence, int cachedTokens) implements Event {}

  /** The next tokens; indexes count from the start of the whole answer. */
  public record Tokens(
      SequenceKey sequence, int firstIndex, int[] ids, TokenLogprobs @Nullable [] logprobs)
      implements Event {}

  /** The vector of one input. */
  public record Vector(SequenceKey sequence, int input, float[] values) implements Event {}

  /**
   * The engine has ended a sequence.
   *
   * @param nextIndex one more than the index of the last token that was told; who has fewer has
   *     lost some on the way. Nothing of vectors
   */
  public record Finished(SequenceKey sequence, FinishReason reason, int nextIndex)
      implements Event {}

  /** Not run here, or not any more; place it, or what is left of it, elsewhere. */
  public record Declined(SequenceKey sequence) implements Event {}

  /** Not started, and no other replica of this model would start it either. */
  public record Rejected(SequenceKey sequence, String reason) implements Event {}

  /** Ended by a failure of this replica; its tokens up to now stand, place the rest elsewhere. */
  public record Broken(SequenceKey sequence) implements Event {}

  /** This replica still runs the sequence. */
  public record Alive(SequenceKey sequence) implements Event {}

  /** Where a replica stands. */
  public enum State {
    /** The engine is being loaded, or loaded again. */
    LOADING,
    /** The engine has produced a token, or a vector. */
    READY,
    /** The model cannot be loaded; {@link Report#failure} says why. */
    FAILED,
    /** Its node leaves, and it with it; what it ran goes on elsewhere. */
    LEAVING,
    /** It could answer and takes nothing new; what runs ends here or goes on elsewhere. */
    DRAINING
  }

  /**
   * What a replica tells its router, regularly and at each change.
   *
   * @param capabilities null before the first load
   * @param stats null before the first load
   * @param running the sequences that hold a place
   * @param kv of its engine's KV, as far as it leaves and enters the engine; null before that is
   *     known, and where it does not
   * @param costPerHour of its machine; 0 where nobody says
   * @param failure why loading failed, or null
   */
  public record Report(
      ReplicaId replica,
      ActorRef<Command> ref,
      State state,
      @Nullable EngineCapabilities capabilities,
      @Nullable EngineStats stats,
      List<SequenceKey> running,
      @Nullable KvOffer kv,
      double costPerHour,
      @Nullable String failure)
      implements WireMessage {}

  private final ReplicaId id;
  private final EngineLoader loader;
  private final NodeKv kv;
  private final Consumer<Report> router;
  private final ReplicaSettings settings;
  private final TimerScheduler<Command> timers;
  private final Workload workload;
  private State state = State.LOADING;
  private boolean wasReady;
  private @Nullable ModelSpec spec;
  private @Nullable Engine engine;
  private @Nullable String failure;
  private Proof proof;
  private boolean drained;
  private boolean forGood;
  private long graceMillis;
  private @Nullable ActorRef<Done> emptied;

  private Replica(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      ReplicaId id,
      EngineLoader loader,
      NodeKv kv,
      Consumer<Report> router,
      ReplicaSettings settings) {
    super(context);
    context.setLoggerName(Replica.class);
    this.id = id;
    this.loader = loader;
    this.kv = kv;
    this.router = router;
    this.settings = settings;
    this.timers = timers;
    workload = new Workload(context.getSelf());
    proof = proof();
    timers.startTimerWithFixedDelay(Timer.REPORT, settings.reportInterval());
  }

  /**
   * Makes a replica; it loads nothing before it is told to.
   *
   * @param kv keeps KV beside its engine
   * @param router where this replica's reports go
   */
  public static Behavior<Command> create(
      ReplicaId id,
      EngineLoader loader,
      NodeKv kv,
      Consumer<Report> router,
      ReplicaSettings settings) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new Replica(context, timers, id, loader, kv, router, settings)));
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    switch (command) {
      case Load load -> onLoad(load.spec());
      case Loaded loaded -> onLoaded(loaded.engine());
      case LoadFailed failed -> onLoadFailed(failed.failure());
      case CanaryAnswered answered -> onCanary(answered);
      case Work work -> onWork(work);
      case PromptPiece piece -> workload.append(piece);
      case Allow allow -> workload.allow(allow);
      case Cancel cancel -> workload.cancel(cancel.sequence());
      case GenerationAlive alive -> workload.heard(alive.sequence());
      case LoadAdapter load -> onLoadAdapter(load);
      case UnloadAdapter unload -> onUnloadAdapter(unload);
      case AdapterLoaded loaded -> onAdapterLoaded(loaded);
      case AdapterGone gone -> onAdapterGone(gone);
      case EndUsers end -> workload.cancelUsers(end.adapter());
      case Restored restored -> workload.restored(restored.sequence());
      case PromptComputed computed ->
          workload.promptComputed(computed.sequence(), computed.tokens());
      case SequenceEnded ended -> workload.ended(ended.sequence(), ended.tokens());
      case EngineBroke broke -> onEngineBroke(broke.engine());
      case Timer timer -> onTimer(timer);
      case Drain drain -> drain(drain.graceMillis());
      case Undrain undrain -> onUndrain();
      case DrainForGood drain -> {
        forGood = true;
        emptied = drain.replyTo();
        drain(drain.grace().toMillis());
      }
      case Unload unload -> {
        if (drained && workload.isEmpty()) {
          leave();
          return Behaviors.stopped();
        }
      }
      case Leave request -> {
        leave();
        request.replyTo().tell(Done.done());
      }
      case Stop stop -> {
        leave();
        return Behaviors.stopped();
      }
    }
    tellEmptied();
    return this;
  }

  @Override
  public Behavior<Command> onSignal(Signal signal) {
    if (signal instanceof PostStop) {
      closeEngine();
    }
    return this;
  }

  private void onLoad(ModelSpec wanted) {
    if (spec == null) {
      spec = wanted;
      load();
    }
  }

  private void load() {
    if (spec != null) {
      state = State.LOADING;
      List<Adapter> adapters = spec.adapters();
      boolean strict = !wasReady;
      getContext()
          .pipeToSelf(
              loader.load(spec).thenCompose(fresh -> AdapterLoads.into(fresh, adapters, strict)),
              (loaded, failed) ->
                  loaded != null
                      ? new Loaded(loaded)
                      : new LoadFailed(AdapterLoads.exception(failed)));
    }
  }

  private void onLoaded(Engine loaded) {
    engine = loaded;
    workload.useEngine(loaded, kv.serve(loaded));
    proof = proof();
    ask(loaded);
  }

  private Proof proof() {
    return new Proof(settings.canaryInterval(), settings.canaryLimit());
  }

  private void ask(Engine asked) {
    proof.asked();
    ActorRef<Command> self = getContext().getSelf();
    Canary.ask(
        asked, settings.canaryLimit(), produced -> self.tell(new CanaryAnswered(asked, produced)));
  }

  private void onLoadFailed(EngineException thrown) {
    getContext().getLog().error("replica {}: {}", id, thrown.getMessage());
    if (thrown.kind() == EngineException.Kind.INTERNAL) {
      timers.startSingleTimer(Timer.RELOAD, settings.reloadDelay());
    } else {
      state = State.FAILED;
    }
    failure = thrown.getMessage();
    report();
  }

  private void onCanary(CanaryAnswered answered) {
    Engine present = answered.engine();
    if (!present.equals(engine)) {
      return;
    }
    boolean moved = proof.answered(present.stats());
    if (!answered.produced() && !(moved && state == State.READY)) {
      onEngineHangs(present);
    } else if (state == State.LOADING) {
      state = State.READY;
      wasReady = true;
      failure = null;
      report();
    }
  }

  private void onLoadAdapter(LoadAdapter load) {
    Engine target = engine;
    if (target == null || state != State.READY) {
      tellAdapter(load.replyTo(), load.adapter().name(), AdapterLoads.notReady());
    } else {
      getContext()
          .pipeToSelf(
              target.loadAdapter(load.adapter()),
              (_, failed) -> new AdapterLoaded(load.adapter(), load.replyTo(), failed));
    }
  }

  private void onAdapterLoaded(AdapterLoaded loaded) {
    String name = loaded.adapter().name();
    if (loaded.failure() != null) {
      EngineException refused = AdapterLoads.exception(loaded.failure());
      getContext().getLog().warn("replica {}: {}", id, refused.getMessage());
      tellAdapter(loaded.replyTo(), name, AdapterLoads.failure(refused));
    } else if (spec != null) {
      // Only now, so that an engine that is loaded again does not load what was refused.
      spec = spec.with(loaded.adapter());
      tellAdapter(loaded.replyTo(), name, null);
    }
  }

  private void onUnloadAdapter(UnloadAdapter unload) {
    Engine target = engine;
    spec = spec == null ? null : spec.without(unload.name());
    if (target == null) {
      tellAdapter(unload.replyTo(), unload.name(), null);
      return;
    }
    EndUsers end = new EndUsers(unload.name());
    timers.startSingleTimer(end, end, settings.adapterDrainLimit());
    getContext()
        .pipeToSelf(
            target.unloadAdapter(unload.name()),
            (_, _) -> new AdapterGone(unload.name(), unload.replyTo()));
  }

  private void onAdapterGone(AdapterGone gone) {
    timers.cancel(new EndUsers(gone.name()));
    tellAdapter(gone.replyTo(), gone.name(), null);
  }

  private void tellAdapter(
      ActorRef<AdapterSettled> replyTo, String name, @Nullable Failure reason) {
    replyTo.tell(new AdapterSettled(id, name, reason));
  }

  private void drain(long millis) {
    if (!drained || millis != graceMillis) {
      drained = true;
      graceMillis = millis;
      timers.startSingleTimer(Timer.GRACE, Duration.ofMillis(millis));
      report();
    }
  }

  private void onUndrain() {
    if (drained && !forGood) {
      drained = false;
      timers.cancel(Timer.GRACE);
      report();
    }
  }

  private void tellEmptied() {
    ActorRef<Done> waiting = emptied;
    if (waiting != null && workload.isEmpty()) {
      emptied = null;
      waiting.tell(Done.done());
    }
  }

  private void onWork(Work work) {
    if (state == State.READY && !drained) {
      workload.take(work);
      beatWhileUsed();
    } else {
      Workload.decline(work);
    }
  }

  private void beatWhileUsed() {
    if (!workload.isEmpty() && !timers.isTimerActive(Timer.BEAT)) {
      timers.startSingleTimer(Timer.BEAT, settings.beatInterval());
    }
  }

  private void onEngineBroke(Engine broken) {
    if (!broken.equals(engine)) {
      return;
    }
    getContext().getLog().error("replica {}: its engine broke and is loaded again", id);
    closeEngine();
    state = State.LOADING;
    failure = "the engine broke";
    timers.startSingleTimer(Timer.RELOAD, settings.reloadDelay());
    report();
  }

  private void onEngineHangs(Engine silent) {
    getContext().getLog().error("replica {}: its engine has produced no token in time", id);
    workload.breakAll();
    onEngineBroke(silent);
  }

  private void closeEngine() {
    Engine closing = engine;
    if (closing != null) {
      engine = null;
      workload.leaveEngine();
      Thread.ofVirtual().name("close-" + id).start(closing::close);
    }
  }

  private void onTimer(Timer timer) {
    switch (timer) {
      case BEAT -> {
        workload.beat(settings.orphanAfter());
        beatWhileUsed();
      }
      case REPORT -> {
        prove();
        report();
      }
      case RELOAD -> load();
      case GRACE -> workload.handOver();
    }
  }

  /** Asks an engine that has done nothing for long whether it still can. */
  private void prove() {
    Engine present = engine;
    if (present == null || state != State.READY) {
      return;
    }
    switch (proof.judge(present.stats(), workload.full())) {
      case GOOD -> {}
      case DOUBTED -> ask(present);
      case HANGS -> onEngineHangs(present);
    }
  }

  /** The router hears of it first, so that nothing comes back, and once: it may be leaving too. */
  private void leave() {
    if (state != State.LEAVING) {
      state = State.LEAVING;
      report();
      timers.cancel(Timer.REPORT);
      workload.handOver();
    }
  }

  private void report() {
    if (spec != null) {
      router.accept(
          new Report(
              id,
              getContext().getSelf(),
              state == State.READY && drained ? State.DRAINING : state,
              engine == null ? null : engine.capabilities(),
              engine == null ? null : engine.stats(),
              workload.running(),
              workload.kvOffer(),
              settings.costPerHour(),
              failure));
    }
  }
}
