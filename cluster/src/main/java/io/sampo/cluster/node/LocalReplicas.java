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

  /**
   * Done when all have handed over what they run, or have not answered.
   *
   * @param placement is told that this node wants no replica any more
   */
  CompletionStage<Done> leave(ActorRef<Placement.Command> placement) {
    if (replicas.isEmpty()) {
      return CompletableFuture.completedStage(Done.done());
    }
    String here = Cluster.get(system).selfMember().address().toString();
    placement.tell(new Placement.EngineNodeLeaves(here));
    CompletableFuture<?>[] asked =
        replicas.values().stream()
            .map(Replica.Report::ref)
            .map(this::askToLeave)
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(asked).handle((_, _) -> Done.done());
  }

  private CompletableFuture<Done> askToLeave(ActorRef<Replica.Command> replica) {
    return AskPattern.<Replica.Command, Done>ask(
            replica, Replica.Leave::new, LIMIT, system.scheduler())
        .toCompletableFuture();
  }
}
