package io.sampo.actors.placement;

import io.sampo.actors.placement.Desired.Operation;
import io.sampo.actors.placement.Desired.Progress;
import io.sampo.actors.placement.Desired.Target;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.WireMessage;
import io.sampo.engines.spi.Adapter;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * Starts the wanted replicas, one of each model on each engine node, and starts them again where
 * they are gone; changes the adapters that they are wanted with.
 *
 * <p>An adapter becomes wanted once every replica of its model has loaded it, and is taken back
 * from all of them when one refuses. It stops being wanted when it is asked away.
 */
public final class Placement extends AbstractMatchingBehavior<Placement.Command> {

  public sealed interface Command {}

  /** Wants an adapter on every replica of a model; answered when it is there. */
  public record LoadAdapter(ModelId model, Adapter adapter, ActorRef<Adapters> replyTo)
      implements Command, WireMessage {}

  /** Wants an adapter no more; answered when no replica has it. */
  public record UnloadAdapter(ModelId model, String name, ActorRef<Adapters> replyTo)
      implements Command, WireMessage {}

  /**
   * The nodes that are in the cluster now, by name: {@code host:port#incarnation}.
   *
   * @param nodes those that run engines
   * @param members all of them, also while they are leaving
   */
  public record EngineNodes(Set<String> nodes, Set<String> members) implements Command {}

  /**
   * A replica lives on the engine node of this name.
   *
   * @param running sequences that hold a place
   */
  public record ReplicaSeen(ReplicaId replica, String node, Replica.State state, int running)
      implements Command, WireMessage {}

  /** A node is being stopped and wants no replica any more. */
  public record EngineNodeLeaves(String node) implements Command, WireMessage {}

  /**
   * Wants a node, a replica or a model to take nothing new; answered at once, with an operation
   * that goes on.
   *
   * @param graceMillis how long what runs may end there; below 0 for the usual time
   * @param dryRun only tells what would happen
   */
  public record Drain(Target target, long graceMillis, boolean dryRun, ActorRef<Ordered> replyTo)
      implements Command, WireMessage {}

  /** Takes a drain back. */
  public record Undrain(Target target, boolean dryRun, ActorRef<Ordered> replyTo)
      implements Command, WireMessage {}

  /**
   * Wants another number of replicas of a model.
   *
   * @param replicas how many at most; 0 for one on each engine node
   */
  public record Scale(ModelId model, int replicas, boolean dryRun, ActorRef<Ordered> replyTo)
      implements Command, WireMessage {}

  /** Wants one more model, and it loaded. */
  public record LoadModel(ModelSpec spec, boolean dryRun, ActorRef<Ordered> replyTo)
      implements Command, WireMessage {}

  /** Wants a model no more. */
  public record UnloadModel(ModelId model, boolean dryRun, ActorRef<Ordered> replyTo)
      implements Command, WireMessage {}

  /**
   * A gateway has read a model's file.
   *
   * @param memoryBytes what one engine of it needs
   * @param trouble why it cannot be had, or null
   */
  public record ModelSized(ModelId model, long memoryBytes, @Nullable String trouble)
      implements Command, WireMessage {}

  /**
   * What an engine node has for models; told again and again.
   *
   * @param node by its name as in {@link EngineNodes}
   * @param threads of its processor
   * @param freeBytes of main memory that models could take now
   * @param totalBytes of main memory
   * @param gpu its kind; empty where there is none that is told of
   * @param gpuBytes of the GPU's memory; 0 where there is none
   * @param labels that its operator has given it
   */
  public record NodeOffer(
      String node,
      int threads,
      long freeBytes,
      long totalBytes,
      String gpu,
      long gpuBytes,
      Map<String, String> labels)
      implements Command, WireMessage {}

  /** Asks what is wanted and what is under way. */
  public record Describe(ActorRef<Described> replyTo) implements Command, WireMessage {}

  /**
   * What comes of an order.
   *
   * @param lines what is done, or would be
   * @param operation the id of what is under way now; empty where nothing is
   * @param refusal why nothing is done, or null
   */
  public record Ordered(List<String> lines, String operation, @Nullable String refusal)
      implements WireMessage {}

  /**
   * How things stand.
   *
   * @param left what the operations wait for still, by id
   * @param waiting why models have fewer replicas than wanted, by their names
   * @param offers what engine nodes have
   */
  public record Described(
      Desired desired,
      Map<String, String> left,
      Map<String, String> waiting,
      List<NodeOffer> offers)
      implements WireMessage {}

  private record Begin(Desired first) implements Command {}

  private record Published(long revision) implements Command {}

  private record FromReplica(Replica.AdapterSettled event) implements Command {}

  private record LimitPassed(String name) implements Command {}

  private enum Timer implements Command {
    /** Time to ask for the wanted replicas. */
    ENSURE
  }

  /** Ends this placement; another node's goes on. */
  public enum Stop implements Command {
    STOP
  }

  /**
   * The adapters of a model that requests may name.
   *
   * @param revision grows with each change, so that an older answer is known as such
   * @param failure why what was asked for was not done, or null
   */
  public record Adapters(
      ModelId model, long revision, List<String> names, @Nullable Failure failure)
      implements WireMessage {}

  private static final int RETRY_SECONDS = 1;
  private static final Duration MOST_GRACE = Duration.ofHours(24);

  /** Keeps what is wanted where all nodes find it. */
  public interface Register {

    /** What is wanted, from before; the configuration's where there is nothing. */
    CompletionStage<Desired> read();

    /** The models of the configuration, which go on a node whether or not they have room there. */
    Set<ModelId> configured();

    /** Done when the nodes that can be reached have it, and after a limit in any case. */
    CompletionStage<Done> write(Desired desired);
  }

  /** Of messages that come before what was wanted before is known. */
  private static final int STASHED = 4096;

  private final TimerScheduler<Command> timers;
  private final PlacementSettings settings;
  private final BiConsumer<ReplicaId, Replica.Command> replicas;
  private final ActorRef<Replica.AdapterSettled> settled;
  private final Register register;
  private final Map<String, AdapterChange> changes = new HashMap<>();
  private final Wishes wishes;
  private long written;
  private long published;

  private Placement(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      Desired first,
      Register register,
      PlacementSettings settings,
      BiConsumer<ReplicaId, Replica.Command> replicas) {
    super(context);
    this.timers = timers;
    this.settings = settings;
    this.replicas = replicas;
    this.register = register;
    this.settled = context.messageAdapter(Replica.AdapterSettled.class, FromReplica::new);
    this.wishes = new Wishes(first, register.configured(), System::currentTimeMillis);
    // What was read is written again: it may have come from one node only.
    this.written = first.revision() - 1;
    timers.startTimerWithFixedDelay(Timer.ENSURE, settings.interval());
  }

  /**
   * Makes the singleton; it asks for nothing before it has heard of {@link EngineNodes}.
   *
   * @param register keeps what is wanted
   * @param replicas delivers a message to the replica of that id, wherever it lives
   */
  public static Behavior<Command> create(
      Register register,
      PlacementSettings settings,
      BiConsumer<ReplicaId, Replica.Command> replicas) {
    return Behaviors.withStash(
        STASHED,
        stash ->
            Behaviors.setup(
                context -> {
                  context.pipeToSelf(
                      register.read(),
                      (first, failed) -> {
                        if (first == null) {
                          throw new IllegalStateException("what is wanted cannot be read", failed);
                        }
                        return new Begin(first);
                      });
                  return Behaviors.receiveMessage(
                      message -> {
                        switch (message) {
                          case Begin(Desired first) -> {
                            return stash.unstashAll(
                                Behaviors.withTimers(
                                    timers ->
                                        new Placement(
                                            context, timers, first, register, settings, replicas)));
                          }
                          case Stop _ -> {
                            return Behaviors.stopped();
                          }
                          default -> stash.stash(message);
                        }
                        return Behaviors.same();
                      });
                }));
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    switch (command) {
      case LoadAdapter load -> onLoadAdapter(load);
      case UnloadAdapter unload -> onUnloadAdapter(unload);
      case EngineNodes present -> {
        wishes.nodes(present.nodes(), present.members());
        ensure();
      }
      case EngineNodeLeaves leaves -> {
        wishes.leaves(leaves.node());
        ensure();
      }
      case ReplicaSeen seen -> onSeen(seen);
      case Drain drain -> onDrain(drain);
      case Undrain undrain ->
          ordered(wishes.undrain(undrain.target(), undrain.dryRun()), undrain.replyTo());
      case Scale scale ->
          ordered(wishes.scale(scale.model(), scale.replicas(), scale.dryRun()), scale.replyTo());
      case LoadModel load -> ordered(wishes.load(load.spec(), load.dryRun()), load.replyTo());
      case UnloadModel unload ->
          ordered(wishes.unload(unload.model(), unload.dryRun()), unload.replyTo());
      case ModelSized sized -> {
        wishes.sized(sized.model(), sized.memoryBytes(), sized.trouble());
        ensure();
      }
      case NodeOffer offer -> wishes.offered(offer);
      case Describe describe -> describe.replyTo().tell(described());
      case Published done -> onPublished(done.revision());
      case FromReplica from -> onSettled(from.event());
      case LimitPassed passed -> onLimitPassed(passed.name());
      case Timer ensure -> ensure();
      case Begin _ -> {}
      case Stop stop -> {
        return onStop();
      }
    }
    return this;
  }

  /** Has what is wanted known to all nodes, and after that told to the replicas. */
  private void ensure() {
    wishes.settle();
    Desired desired = wishes.desired();
    if (desired.revision() > written) {
      written = desired.revision();
      getContext().pipeToSelf(register.write(desired), (_, _) -> new Published(desired.revision()));
    } else if (published >= written) {
      tellReplicas();
    }
  }

  private void onPublished(long revision) {
    published = Math.max(published, revision);
    if (published >= written) {
      tellReplicas();
    }
  }

  private void tellReplicas() {
    wishes
        .orders(settings.drainGrace().toMillis())
        .forEach((id, orders) -> orders.forEach(order -> replicas.accept(id, order)));
  }

  /** A replica whose state changes may be what something waits for. */
  private void onSeen(ReplicaSeen seen) {
    if (wishes.seen(seen.replica(), new Seats.Living(seen.node(), seen.state(), seen.running()))) {
      ensure();
    }
  }

  private void onDrain(Drain drain) {
    long grace = drain.graceMillis() < 0 ? settings.drainGrace().toMillis() : drain.graceMillis();
    if (grace > MOST_GRACE.toMillis()) {
      ordered(
          Wishes.Outcome.refused("a grace time is " + MOST_GRACE.toHours() + " h at most"),
          drain.replyTo());
    } else {
      ordered(wishes.drain(drain.target(), grace, drain.dryRun()), drain.replyTo());
    }
  }

  private void ordered(Wishes.Outcome outcome, ActorRef<Ordered> replyTo) {
    ensure();
    replyTo.tell(new Ordered(outcome.lines(), outcome.operation(), outcome.refusal()));
  }

  private Described described() {
    Map<String, String> left = new HashMap<>();
    for (Operation operation : wishes.desired().operations()) {
      if (operation.progress() == Progress.RUNNING) {
        left.put(operation.id(), String.join(", ", wishes.left(operation)));
      }
    }
    Map<String, String> waiting = new HashMap<>();
    wishes.waiting().forEach((model, why) -> waiting.put(model.name(), why));
    return new Described(wishes.desired(), left, waiting, wishes.offers());
  }

  private void onLoadAdapter(LoadAdapter load) {
    String name = load.adapter().name();
    ModelSpec spec = wishes.model(load.model());
    Failure refusal = refusal(load.model(), spec, name);
    if (refusal != null || spec == null) {
      reply(load.replyTo(), load.model(), refusal);
    } else if (spec.adapter(name) != null) {
      reply(load.replyTo(), load.model(), taken(name));
    } else {
      List<ReplicaId> all = wishes.replicas(spec.id());
      begin(new AdapterChange(spec, name, load.adapter(), all, load.replyTo()));
      all.forEach(id -> replicas.accept(id, new Replica.LoadAdapter(load.adapter(), settled)));
    }
  }

  private void onUnloadAdapter(UnloadAdapter unload) {
    String name = unload.name();
    ModelSpec spec = wishes.model(unload.model());
    Failure refusal = refusal(unload.model(), spec, name);
    if (refusal != null || spec == null) {
      reply(unload.replyTo(), unload.model(), refusal);
    } else if (spec.adapter(name) == null) {
      reply(unload.replyTo(), unload.model(), Failure.adapterNotFound("lora_name", name));
    } else {
      want(spec.without(name));
      begin(new AdapterChange(spec, name, null, wishes.replicas(spec.id()), unload.replyTo()));
      takeBack(spec, name);
    }
  }

  private @Nullable Failure refusal(ModelId model, @Nullable ModelSpec spec, String name) {
    if (spec == null) {
      return Failure.modelNotFound(model.name());
    } else if (wishes.replicas(spec.id()).isEmpty()) {
      return Failure.unavailable(ErrorCode.NO_CAPACITY, RETRY_SECONDS);
    }
    return changes.containsKey(name) || changes.size() >= settings.maxAdapterChanges()
        ? Failure.unavailable(ErrorCode.OVERLOADED, RETRY_SECONDS)
        : null;
  }

  private static Failure taken(String name) {
    return Failure.invalidValue("lora_name", "an adapter named '" + name + "' is loaded already");
  }

  private void begin(AdapterChange change) {
    changes.put(change.name(), change);
    timers.startSingleTimer(change.name(), new LimitPassed(change.name()), settings.adapterLimit());
  }

  private void onSettled(Replica.AdapterSettled event) {
    AdapterChange change = changes.get(event.name());
    if (change != null && change.settled(event.replica(), event.failure())) {
      end(change, change.failure());
    }
  }

  private void onLimitPassed(String name) {
    AdapterChange change = changes.get(name);
    if (change != null) {
      end(change, Failure.deadlineExceeded(settings.adapterLimit().toMillis(), "adapter"));
    }
  }

  private Behavior<Command> onStop() {
    Failure failure = Failure.unavailable(ErrorCode.DRAINING, RETRY_SECONDS);
    changes.values().forEach(change -> reply(change.replyTo(), change.spec().id(), failure));
    return Behaviors.stopped();
  }

  private void end(AdapterChange change, @Nullable Failure failure) {
    changes.remove(change.name());
    timers.cancel(change.name());
    Adapter loaded = change.loaded();
    if (loaded != null && failure == null) {
      want(current(change).with(loaded));
    } else if (loaded != null) {
      takeBack(change.spec(), change.name());
    }
    reply(change.replyTo(), change.spec().id(), failure);
  }

  private ModelSpec current(AdapterChange change) {
    ModelSpec now = wishes.model(change.spec().id());
    return now == null ? change.spec() : now;
  }

  private void want(ModelSpec spec) {
    wishes.want(spec);
    ensure();
  }

  private void takeBack(ModelSpec spec, String name) {
    wishes
        .replicas(spec.id())
        .forEach(id -> replicas.accept(id, new Replica.UnloadAdapter(name, settled)));
  }

  private void reply(ActorRef<Adapters> replyTo, ModelId model, @Nullable Failure failure) {
    ModelSpec spec = wishes.model(model);
    List<String> names =
        spec == null ? List.of() : spec.adapters().stream().map(Adapter::name).toList();
    replyTo.tell(new Adapters(model, wishes.desired().revision(), names, failure));
  }
}
