package io.sampo.cluster.node;

import io.sampo.actors.placement.Placement;
import io.sampo.cluster.membership.Role;
import io.sampo.ops.admin.NodeRound;
import java.util.HashSet;
import java.util.Set;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.UniqueAddress;

/**
 * The nodes of the cluster, and of them the engine nodes that may have replicas: up, and not about
 * to leave. Kept by cluster events.
 */
final class EngineNodes {

  private final Set<String> engines = new HashSet<>();
  private final Set<String> members = new HashSet<>();

  /** A node's name with its incarnation, as the placement knows it. */
  static String name(UniqueAddress node) {
    return NodeRound.name(node.address()) + "#" + Long.toUnsignedString(node.longUid());
  }

  /** All of them once this has happened. */
  Placement.EngineNodes after(ClusterEvent.MemberEvent event) {
    Member member = event.member();
    String name = name(member.uniqueAddress());
    if (member.status().equals(MemberStatus.up()) && member.hasRole(Role.ENGINE.word())) {
      engines.add(name);
    } else {
      engines.remove(name);
    }
    if (member.status().equals(MemberStatus.removed())) {
      members.remove(name);
    } else {
      members.add(name);
    }
    return new Placement.EngineNodes(Set.copyOf(engines), Set.copyOf(members));
  }
}
