package io.sampo.cluster.node;

import io.sampo.actors.placement.Placement;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.wire.ReplicaId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * The replicas that live on this node. They are told of its end while the way to their routers is
 * still open; sharding stops both at the same time.
 */
final class LocalReplicas {

  private static final Duration LIMIT = Duration.ofSeconds(2);

  private final ActorSystem<?> system;
  private final Map<ReplicaId, Replica.Report> replicas = new ConcurrentHashMap<>();

  LocalReplicas(ActorSystem<?> system) {
    this.system = system;
  }

  void hear(Replica.Report report) {
    replicas.put(report.replica(), report);
  }

  /** What those that live here have said last; one that leaves is the next node's. */
  List<Replica.Report> reports() {
    return replicas.values().stream()
        .filter(report -> report.state() != Replica.State.LEAVING)
        .toList();
  }

  /** Whether none of them can take anything or runs anything. */
  boolean idle() {
    return reports().stream()
        .allMatch(report -> report.state() != Replica.State.READY && report.running().isEmpty());
  }

  /**
   * Has them take nothing new; done when nothing runs here any more, or this time is over.
   *
   * @param placement is told that this node wants no replica any more
   */
  CompletionStage<Done> drain(ActorRef<Placement.Command> placement, Duration grace) {
    return askAll(
        placement, grace.plus(LIMIT), replyTo -> new Replica.DrainForGood(grace, replyTo));
  }

  /**
   * Done when all have handed over what they run, or have not answered.
   *
   * @param placement as before
   */
  CompletionStage<Done> leave(ActorRef<Placement.Command> placement) {
    return askAll(placement, LIMIT, Replica.Leave::new);
  }

  private CompletionStage<Done> askAll(
      ActorRef<Placement.Command> placement,
      Duration limit,
      Function<ActorRef<Done>, Replica.Command> order) {
    List<Replica.Report> here = reports();
    if (here.isEmpty()) {
      return CompletableFuture.completedStage(Done.done());
    }
    placement.tell(
        new Placement.EngineNodeLeaves(
            EngineNodes.name(Cluster.get(system).selfMember().uniqueAddress())));
    CompletableFuture<?>[] asked =
        here.stream()
            .map(Replica.Report::ref)
            .map(replica -> ask(replica, limit, order))
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(asked).handle((_, _) -> Done.done());
  }

  private CompletableFuture<Done> ask(
      ActorRef<Replica.Command> replica,
      Duration limit,
      Function<ActorRef<Done>, Replica.Command> order) {
    return AskPattern.<Replica.Command, Done>ask(replica, order::apply, limit, system.scheduler())
        .toCompletableFuture();
  }
}
