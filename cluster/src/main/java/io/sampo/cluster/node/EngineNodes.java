package io.sampo.cluster.node;

import io.sampo.cluster.membership.Role;
import java.util.HashSet;
import java.util.Set;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;

/** The engine nodes that may have replicas: up, and not about to leave. Kept by cluster events. */
final class EngineNodes {

  private final Set<String> addresses = new HashSet<>();

  /** All of them, by address, once this has happened. */
  Set<String> after(ClusterEvent.MemberEvent event) {
    Member member = event.member();
    String address = member.address().toString();
    if (member.status().equals(MemberStatus.up()) && member.hasRole(Role.ENGINE.word())) {
      addresses.add(address);
    } else {
      addresses.remove(address);
    }
    return Set.copyOf(addresses);
  }
}
