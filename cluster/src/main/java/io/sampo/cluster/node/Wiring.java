package io.sampo.cluster.node;

import com.typesafe.config.Config;
import io.sampo.actors.admission.Admission;
import io.sampo.actors.admission.AdmissionSettings;
import io.sampo.actors.embedding.EmbeddingSettings;
import io.sampo.actors.generation.GenerationSettings;
import io.sampo.actors.generation.ServedModels;
import io.sampo.actors.placement.Placement;
import io.sampo.actors.placement.PlacementSettings;
import io.sampo.actors.replica.EngineLoader;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.replica.NodeKv;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.replica.ReplicaSettings;
import io.sampo.actors.router.Router;
import io.sampo.actors.router.RouterSettings;
import io.sampo.actors.scheduler.SchedulerSettings;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.typed.ClusterSingleton;
import org.apache.pekko.cluster.typed.ClusterSingletonSettings;
import org.apache.pekko.cluster.typed.SingletonActor;

/**
 * Puts a node's actors in their places: routers and replicas as sharded entities on the nodes of
 * their role, the placement singleton, and the admission of this gateway.
 */
final class Wiring {

  /** Role of the nodes that take requests. */
  static final String GATEWAY = "gateway";

  /** Role of the nodes that run models. */
  static final String ENGINE = "engine";

  private final Config config;
  private final ClusterSharding sharding;
  private final ActorSystem<?> system;

  Wiring(ActorSystem<?> system) {
    this.system = system;
    this.config = system.settings().config();
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
            .withRole(GATEWAY)
            .withStopMessage(Router.Stop.STOP)
            .withMessageExtractor(new EntityPerShard<>()));
  }

  /**
   * The replicas that this node may run.
   *
   * @param kv keeps KV for their engines
   */
  void replicas(EngineLoader engines, NodeKv kv) {
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
                      report -> toRouter(id.model(), new Router.ReplicaReported(report)),
                      settings);
                })
            .withRole(ENGINE)
            .withStopMessage(Replica.Stop.STOP)
            .withMessageExtractor(new EntityPerShard<>()));
  }

  ActorRef<Placement.Command> placement(List<ModelSpec> wanted) {
    Behavior<Placement.Command> placement =
        Placement.create(
            wanted,
            PlacementSettings.from(config),
            (replica, message) ->
                sharding.entityRefFor(Replica.TYPE, replica.entityId()).tell(message));
    return ClusterSingleton.get(system)
        .init(
            SingletonActor.of(placement, "placement")
                .withStopMessage(Placement.Stop.STOP)
                .withSettings(ClusterSingletonSettings.create(system).withRole(GATEWAY)));
  }

  ActorRef<Admission.Command> admission(ServedModels models) {
    return system.systemActorOf(
        Admission.create(
            models,
            this::toRouter,
            AdmissionSettings.from(config),
            GenerationSettings.from(config),
            EmbeddingSettings.from(config)),
        "admission",
        Props.empty());
  }

  void readiness(Readiness readiness, ModelId model) {
    system.systemActorOf(
        readiness.probe(question -> toRouter(model, question)), "readiness", Props.empty());
  }

  void toRouter(ModelId model, Router.Command message) {
    sharding.entityRefFor(Router.TYPE, model.name()).tell(message);
  }
}
