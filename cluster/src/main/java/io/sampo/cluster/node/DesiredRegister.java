package io.sampo.cluster.node;

import io.sampo.actors.placement.Desired;
import io.sampo.actors.placement.Placement;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.wire.ModelId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.ddata.Key;
import org.apache.pekko.cluster.ddata.LWWRegister;
import org.apache.pekko.cluster.ddata.LWWRegisterKey;
import org.apache.pekko.cluster.ddata.SelfUniqueAddress;
import org.apache.pekko.cluster.ddata.typed.javadsl.DistributedData;
import org.apache.pekko.cluster.ddata.typed.javadsl.Replicator;
import org.jspecify.annotations.Nullable;

/**
 * What is wanted of the cluster as this node knows it, in Pekko's distributed data. The placement
 * alone writes it; of two the one of the higher revision counts.
 */
final class DesiredRegister implements Placement.Register {

  private static final Key<LWWRegister<Desired>> KEY = LWWRegisterKey.create("desired");
  private static final LWWRegister.Clock<Desired> REVISION = (_, desired) -> desired.revision();

  /** Nodes that have not answered by then get it by gossip. */
  private static final Duration LIMIT = Duration.ofSeconds(1);

  private static final Duration ASK_LIMIT = LIMIT.plusSeconds(1);

  private final ActorSystem<?> system;
  private final ActorRef<Replicator.Command> replicator;
  private final SelfUniqueAddress self;
  private final List<ModelSpec> configured;
  private final SavedOrders saved;
  private final List<Consumer<Desired>> listeners = new CopyOnWriteArrayList<>();
  private @Nullable Desired latest;

  /**
   * @param configured the models of this node's configuration
   * @param saved what operators had ordered before
   */
  DesiredRegister(ActorSystem<?> system, List<ModelSpec> configured, SavedOrders saved) {
    this.system = system;
    this.configured = List.copyOf(configured);
    this.saved = saved;
    DistributedData data = DistributedData.get(system);
    this.replicator = data.replicator();
    this.self = data.selfUniqueAddress();
    system.systemActorOf(
        Behaviors.<Replicator.SubscribeResponse<LWWRegister<Desired>>>setup(
            context -> {
              replicator.tell(new Replicator.Subscribe<>(KEY, context.getSelf()));
              return Behaviors.receiveMessage(
                  message -> {
                    if (message instanceof Replicator.Changed<LWWRegister<Desired>> changed) {
                      hear(changed.get(KEY).getValue());
                    }
                    return Behaviors.same();
                  });
            }),
        "desired",
        Props.empty());
  }

  /** Tells each newer state to this one from now on, beginning with the one that is known. */
  void listen(Consumer<Desired> listener) {
    Desired known;
    synchronized (this) {
      listeners.add(listener);
      known = latest;
    }
    if (known != null) {
      listener.accept(known);
    }
  }

  /** What is wanted as this node knows it; empty before it does. */
  synchronized Optional<Desired> latest() {
    return Optional.ofNullable(latest);
  }

  private void hear(Desired desired) {
    synchronized (this) {
      if (latest != null && latest.revision() >= desired.revision()) {
        return;
      }
      latest = desired;
    }
    listeners.forEach(listener -> listener.accept(desired));
  }

  @Override
  public CompletionStage<Desired> read() {
    return known().thenApply(known -> known.map(this::withConfigured).orElseGet(saved::first));
  }

  /** A gateway may have been started with another model than those before it. */
  private Desired withConfigured(Desired known) {
    List<ModelSpec> missing =
        configured.stream().filter(spec -> known.model(spec.id()) == null).toList();
    return missing.isEmpty()
        ? known
        : new Desired(
            known.revision() + 1,
            Stream.concat(known.models().stream(), missing.stream()).toList(),
            known.drains(),
            known.seats(),
            known.operations());
  }

  /** What most nodes know, or else this one; empty where nobody knows anything. */
  CompletionStage<Optional<Desired>> known() {
    return get(new Replicator.ReadMajority(LIMIT))
        .thenCompose(most -> most.isPresent() ? done(most) : get(Replicator.readLocal()))
        .exceptionally(_ -> Optional.empty());
  }

  private static <T> CompletionStage<T> done(T value) {
    return CompletableFuture.completedStage(value);
  }

  private CompletionStage<Optional<Desired>> get(Replicator.ReadConsistency consistency) {
    return AskPattern.<Replicator.Command, Replicator.GetResponse<LWWRegister<Desired>>>ask(
            replicator,
            replyTo -> new Replicator.Get<>(KEY, consistency, replyTo),
            ASK_LIMIT,
            system.scheduler())
        .thenApply(
            answer ->
                answer instanceof Replicator.GetSuccess<LWWRegister<Desired>> found
                    ? Optional.of(found.get(KEY).getValue())
                    : Optional.empty());
  }

  @Override
  public Set<ModelId> configured() {
    return configured.stream().map(ModelSpec::id).collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public CompletionStage<Done> write(Desired desired) {
    hear(desired);
    return AskPattern.<Replicator.Command, Replicator.UpdateResponse<LWWRegister<Desired>>>ask(
            replicator,
            replyTo ->
                new Replicator.Update<>(
                    KEY,
                    LWWRegister.create(self, desired, REVISION),
                    new Replicator.WriteAll(LIMIT),
                    replyTo,
                    register -> register.withValue(self, desired, REVISION)),
            ASK_LIMIT,
            system.scheduler())
        .handle((_, _) -> Done.done());
  }
}
