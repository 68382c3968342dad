package io.sampo.cluster.node;

import io.sampo.actors.placement.Desired;
import io.sampo.actors.placement.Desired.Drained;
import io.sampo.actors.placement.Desired.Kind;
import io.sampo.actors.placement.Desired.Target;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.typed.Cluster;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has this node leave the cluster once an operator wants it drained and its replicas run nothing
 * any more; until then that can be taken back. Safe for many threads.
 */
final class Departure {

  private static final Logger LOG = LoggerFactory.getLogger(Departure.class);

  /** Why the node stops. */
  private enum Reason implements CoordinatedShutdown.Reason {
    DRAINED
  }

  private final ActorSystem<?> system;
  private final LocalReplicas replicas;
  private final Target here;
  private boolean wanted;
  private boolean begun;

  Departure(ActorSystem<?> system, LocalReplicas replicas) {
    this.system = system;
    this.replicas = replicas;
    this.here =
        new Target(Kind.NODE, EngineNodes.name(Cluster.get(system).selfMember().uniqueAddress()));
  }

  /** What is wanted has changed. */
  synchronized void hear(Desired desired) {
    Drained drained = desired.drains(here);
    boolean now = drained != null && !drained.byItself();
    if (now != wanted && !begun) {
      LOG.info(now ? "this node is drained and leaves then" : "this node is not drained any more");
    }
    wanted = now;
    look();
  }

  /** A replica of this node has told how it is, or it is time to look again. */
  synchronized void look() {
    if (wanted && !begun && replicas.idle()) {
      begun = true;
      LOG.info("this node is drained and leaves its cluster");
      CoordinatedShutdown.get(system).run(Reason.DRAINED);
    }
  }
}
