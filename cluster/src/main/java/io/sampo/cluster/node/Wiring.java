package io.sampo.cluster.node;

import com.typesafe.config.Config;
import io.sampo.actors.admission.Admission;
import io.sampo.actors.admission.AdmissionSettings;
import io.sampo.actors.detour.Detour;
import io.sampo.actors.embedding.EmbeddingSettings;
import io.sampo.actors.generation.GenerationSettings;
import io.sampo.actors.generation.ServedModels;
import io.sampo.actors.generation.Suspects;
import io.sampo.actors.placement.Placement;
import io.sampo.actors.placement.PlacementSettings;
import io.sampo.actors.replica.EngineLoader;
import io.sampo.actors.replica.NodeKv;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.replica.ReplicaSettings;
import io.sampo.actors.router.Router;
import io.sampo.actors.router.RouterSettings;
import io.sampo.actors.scheduler.SchedulerSettings;
import io.sampo.actors.standby.Standby;
import io.sampo.actors.standby.StandbySettings;
import io.sampo.actors.standby.StandbyStats;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.cluster.membership.Role;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.ClusterSingleton;
import org.apache.pekko.cluster.typed.ClusterSingletonSettings;
import org.apache.pekko.cluster.typed.SingletonActor;
import org.apache.pekko.cluster.typed.Subscribe;
import org.jspecify.annotations.Nullable;

/**
 * Puts a node's actors in their places: routers and replicas as sharded entities on the nodes of
 * their role, the placement singleton, and the admission of this gateway.
 */
final class Wiring {

  private static final String STANDBY = "standby";
  private static final Duration OFFER_INTERVAL = Duration.ofSeconds(5);
  private static final Duration SOON = Duration.ofMillis(200);
  private static final Duration LATEST = Duration.ofSeconds(5);

  private final Config config;
  private final ClusterSharding sharding;
  private final ActorSystem<?> system;
  private final Cluster cluster;
  private final DesiredRegister desired;
  private volatile @Nullable ActorRef<Placement.Command> placement;

  /**
   * @param desired what is wanted of the cluster
   */
  Wiring(ActorSystem<?> system, DesiredRegister desired) {
    this.system = system;
    this.desired = desired;
    this.config = system.settings().config();
    this.cluster = Cluster.get(system);
    this.sharding = ClusterSharding.get(system);
  }

  void routers() {
    RouterSettings settings = RouterSettings.from(config);
    SchedulerSettings schedulerSettings = SchedulerSettings.from(config);
    sharding.init(
        Entity.of(
                Router.TYPE,
                entity ->
                    Router.create(new ModelId(entity.getEntityId()), settings, schedulerSettings))
            .withRole(Role.GATEWAY.word())
            .withStopMessage(Router.Stop.STOP)
            .withAllocationStrategy(new FewestShards(this::present))
            .withMessageExtractor(new EntityPerShard<>()));
  }

  /**
   * The replicas that this node may run.
   *
   * @param kv keeps KV for their engines
   * @param reports also hears what the replicas of this node tell their routers
   */
  void replicas(EngineLoader engines, NodeKv kv, Consumer<Replica.Report> reports) {
    String here = EngineNodes.name(cluster.selfMember().uniqueAddress());
    ReplicaSettings settings = ReplicaSettings.from(config);
    sharding.init(
        Entity.of(
                Replica.TYPE,
                entity -> {
                  ReplicaId id = ReplicaId.parse(entity.getEntityId());
                  return Replica.create(
                      id,
                      engines,
                      kv,
                      report -> {
                        toRouter(id.model(), new Router.ReplicaReported(report));
                        tellPlacement(
                            new Placement.ReplicaSeen(
                                id, here, report.state(), report.running().size()));
                        reports.accept(report);
                      },
                      settings);
                })
            .withRole(Role.ENGINE.word())
            .withStopMessage(Replica.Stop.STOP)
            .withAllocationStrategy(new SeatedShards(desired::known, this::presentName))
            .withMessageExtractor(new EntityPerShard<>()));
  }

  /** Whether a node is up and was heard of lately. */
  private boolean present(Address address) {
    Address node = address.hasLocalScope() ? cluster.selfMember().address() : address;
    ClusterEvent.CurrentClusterState state = cluster.state();
    return state.isMemberUp(node)
        && state.getUnreachable().stream().noneMatch(member -> member.address().equals(node));
  }

  private Optional<String> presentName(Address address) {
    Address node = address.hasLocalScope() ? cluster.selfMember().address() : address;
    if (!present(address)) {
      return Optional.empty();
    }
    ClusterEvent.CurrentClusterState state = cluster.state();
    return StreamSupport.stream(state.getMembers().spliterator(), false)
        .map(Member::uniqueAddress)
        .filter(member -> member.address().equals(node))
        .map(EngineNodes::name)
        .findFirst();
  }

  /**
   * Tells the placement what this engine node has for models, now and again.
   *
   * @param offer asks what it has
   */
  void offers(Function<String, Placement.NodeOffer> offer) {
    String here = EngineNodes.name(cluster.selfMember().uniqueAddress());
    system.systemActorOf(
        Behaviors.withTimers(
            timers -> {
              timers.startTimerWithFixedDelay("offer", OFFER_INTERVAL);
              return Behaviors.receiveMessage(
                  _ -> {
                    tellPlacement(offer.apply(here));
                    return Behaviors.same();
                  });
            }),
        "offers",
        Props.empty());
  }

  /** What is said before there is a placement is said again. */
  private void tellPlacement(Placement.Command message) {
    ActorRef<Placement.Command> known = placement;
    if (known != null) {
      known.tell(message);
    }
  }

  /**
   * Comes after routers and replicas, which it may ask for at once. On nodes that are no gateways
   * nothing is started.
   */
  ActorRef<Placement.Command> placement() {
    Behavior<Placement.Command> behavior =
        Placement.create(
            desired,
            PlacementSettings.from(config),
            (replica, message) ->
                sharding.entityRefFor(Replica.TYPE, replica.entityId()).tell(message));
    ActorRef<Placement.Command> started =
        ClusterSingleton.get(system)
            .init(
                SingletonActor.of(followingEngineNodes(behavior), "placement")
                    .withStopMessage(Placement.Stop.STOP)
                    .withSettings(
                        ClusterSingletonSettings.create(system).withRole(Role.GATEWAY.word())));
    placement = started;
    return started;
  }

  /** The placement, which hears of each engine node that comes or goes. */
  private Behavior<Placement.Command> followingEngineNodes(Behavior<Placement.Command> behavior) {
    return Behaviors.setup(
        context -> {
          EngineNodes nodes = new EngineNodes();
          cluster
              .subscriptions()
              .tell(
                  Subscribe.create(
                      context.messageAdapter(ClusterEvent.MemberEvent.class, nodes::after),
                      ClusterEvent.MemberEvent.class));
          return Behaviors.supervise(behavior)
              .onFailure(SupervisorStrategy.restartWithBackoff(SOON, LATEST, 0));
        });
  }

  /**
   * @param routers delivers a message to the router of a model that this gateway serves
   * @param suspects requests that engines died of
   */
  ActorRef<Admission.Command> admission(
      ServedModels models, BiConsumer<ModelId, Router.Command> routers, Suspects suspects) {
    return system.systemActorOf(
        Admission.create(
            models,
            routers,
            AdmissionSettings.from(config),
            GenerationSettings.from(config),
            suspects,
            EmbeddingSettings.from(config)),
        "admission",
        Props.empty());
  }

  /**
   * Comes on a gateway, and finds the other gateways' by their place.
   *
   * @param stats hears its figures now and then
   * @param quarantine hears of requests that are in quarantine on other gateways
   */
  ActorRef<Standby.Command> standby(Consumer<StandbyStats> stats, LongConsumer quarantine) {
    Behavior<Standby.Command> behavior =
        Standby.create(StandbySettings.from(config), stats, quarantine);
    return system.systemActorOf(
        Behaviors.<Standby.Command>setup(
            context -> {
              OtherGateways others = new OtherGateways(cluster.selfMember().uniqueAddress());
              ActorRef<ClusterEvent.ClusterDomainEvent> events =
                  context.messageAdapter(
                      ClusterEvent.ClusterDomainEvent.class,
                      event -> new Standby.Peers(others.after(event, this::standbyOf)));
              cluster
                  .subscriptions()
                  .tell(Subscribe.create(events, ClusterEvent.ClusterDomainEvent.class));
              return behavior;
            }),
        STANDBY,
        Props.empty());
  }

  private ActorRef<Standby.Command> standbyOf(Address node) {
    return ActorRefResolver.get(system).resolveActorRef(node + "/system/" + STANDBY);
  }

  void readiness(Readiness readiness, ModelId model, Detour detour) {
    system.systemActorOf(
        readiness.probe(question -> toRouter(model, question), detour), "readiness", Props.empty());
  }

  /** Asks a model's router how it places requests. */
  CompletionStage<Router.Inspected> inspect(ModelId model, int sessions, Duration limit) {
    return sharding
        .entityRefFor(Router.TYPE, model.name())
        .ask(replyTo -> new Router.Inspect(sessions, replyTo), limit);
  }

  /**
   * Has a session go elsewhere.
   *
   * @param replica null to forget where it was
   */
  CompletionStage<Router.Rebound> rebind(
      ModelId model, String session, @Nullable ReplicaId replica, Duration limit) {
    return sharding
        .entityRefFor(Router.TYPE, model.name())
        .ask(replyTo -> new Router.Rebind(session, replica, replyTo), limit);
  }

  /** Asks the placement, wherever it is. */
  <T> CompletionStage<T> askPlacement(
      Function<ActorRef<T>, Placement.Command> question, Duration limit) {
    ActorRef<Placement.Command> known = placement;
    return known == null
        ? CompletableFuture.failedStage(new IllegalStateException("the node is starting"))
        : AskPattern.<Placement.Command, T>ask(known, question::apply, limit, system.scheduler());
  }

  void toRouter(ModelId model, Router.Command message) {
    sharding.entityRefFor(Router.TYPE, model.name()).tell(message);
  }
}
