package io.sampo.actors.placement;

import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.WireMessage;
import io.sampo.engines.spi.Adapter;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
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

  /** The engine nodes that are in the cluster now, by address. */
  public record EngineNodes(Set<String> nodes) implements Command {}

  /** A replica lives on the engine node of this address. */
  public record ReplicaSeen(ReplicaId replica, String node) implements Command, WireMessage {}

  /** An engine node is about to leave and wants no replica any more. */
  public record EngineNodeLeaves(String node) implements Command, WireMessage {}

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

  private final TimerScheduler<Command> timers;
  private final PlacementSettings settings;
  private final BiConsumer<ReplicaId, Replica.Command> replicas;
  private final ActorRef<Replica.AdapterSettled> settled;
  private final Map<ModelId, ModelSpec> wanted = new LinkedHashMap<>();
  private final Map<String, AdapterChange> changes = new HashMap<>();
  private final Seats seats = new Seats();
  private long revision;

  private Placement(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      List<ModelSpec> wanted,
      PlacementSettings settings,
      BiConsumer<ReplicaId, Replica.Command> replicas) {
    super(context);
    this.timers = timers;
    this.settings = settings;
    this.replicas = replicas;
    this.settled = context.messageAdapter(Replica.AdapterSettled.class, FromReplica::new);
    wanted.forEach(spec -> this.wanted.put(spec.id(), spec));
    timers.startTimerWithFixedDelay(Timer.ENSURE, settings.interval());
  }

  /**
   * Makes the singleton; it asks for nothing before it has heard of {@link EngineNodes}.
   *
   * @param wanted the models
   * @param replicas delivers a message to the replica of that id, wherever it lives
   */
  public static Behavior<Command> create(
      List<ModelSpec> wanted,
      PlacementSettings settings,
      BiConsumer<ReplicaId, Replica.Command> replicas) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new Placement(context, timers, wanted, settings, replicas)));
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    switch (command) {
      case LoadAdapter load -> onLoadAdapter(load);
      case UnloadAdapter unload -> onUnloadAdapter(unload);
      case EngineNodes present -> {
        seats.nodes(present.nodes());
        ensure();
      }
      case EngineNodeLeaves leaves -> seats.leaves(leaves.node());
      case ReplicaSeen seen -> seats.seen(seen.replica(), seen.node());
      case FromReplica from -> onSettled(from.event());
      case LimitPassed passed -> onLimitPassed(passed.name());
      case Timer ensure -> ensure();
      case Stop stop -> {
        return onStop();
      }
    }
    return this;
  }

  private void ensure() {
    wanted
        .values()
        .forEach(
            spec -> seats.wanted(spec).forEach(id -> replicas.accept(id, new Replica.Load(spec))));
  }

  private void onLoadAdapter(LoadAdapter load) {
    String name = load.adapter().name();
    ModelSpec spec = wanted.get(load.model());
    Failure refusal = refusal(load.model(), spec, name);
    if (refusal != null || spec == null) {
      reply(load.replyTo(), load.model(), refusal);
    } else if (spec.adapter(name) != null) {
      reply(load.replyTo(), load.model(), taken(name));
    } else {
      List<ReplicaId> all = seats.wanted(spec);
      begin(new AdapterChange(spec, name, load.adapter(), all, load.replyTo()));
      all.forEach(id -> replicas.accept(id, new Replica.LoadAdapter(load.adapter(), settled)));
    }
  }

  private void onUnloadAdapter(UnloadAdapter unload) {
    String name = unload.name();
    ModelSpec spec = wanted.get(unload.model());
    Failure refusal = refusal(unload.model(), spec, name);
    if (refusal != null || spec == null) {
      reply(unload.replyTo(), unload.model(), refusal);
    } else if (spec.adapter(name) == null) {
      reply(unload.replyTo(), unload.model(), Failure.adapterNotFound("lora_name", name));
    } else {
      want(spec.without(name));
      begin(new AdapterChange(spec, name, null, seats.wanted(spec), unload.replyTo()));
      takeBack(spec, name);
    }
  }

  private @Nullable Failure refusal(ModelId model, @Nullable ModelSpec spec, String name) {
    if (spec == null) {
      return Failure.modelNotFound(model.name());
    } else if (seats.wanted(spec).isEmpty()) {
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
    return wanted.getOrDefault(change.spec().id(), change.spec());
  }

  private void want(ModelSpec spec) {
    wanted.put(spec.id(), spec);
    revision++;
  }

  private void takeBack(ModelSpec spec, String name) {
    seats.wanted(spec).forEach(id -> replicas.accept(id, new Replica.UnloadAdapter(name, settled)));
  }

  private void reply(ActorRef<Adapters> replyTo, ModelId model, @Nullable Failure failure) {
    ModelSpec spec = wanted.get(model);
    List<String> names =
        spec == null ? List.of() : spec.adapters().stream().map(Adapter::name).toList();
    replyTo.tell(new Adapters(model, revision, names, failure));
  }
}
