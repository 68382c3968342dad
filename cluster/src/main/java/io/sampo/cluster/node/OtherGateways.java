package io.sampo.cluster.node;

import io.sampo.cluster.membership.Role;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.apache.pekko.actor.Address;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.UniqueAddress;

/** The other gateways that are up and can be reached, kept by cluster events. */
final class OtherGateways {

  private final UniqueAddress self;
  private final Set<Address> up = new LinkedHashSet<>();
  private final Set<Address> unreachable = new LinkedHashSet<>();

  OtherGateways(UniqueAddress self) {
    this.self = self;
  }

  /**
   * All of them once this has happened.
   *
   * @param peer what is wanted of each
   */
  <T> List<T> after(ClusterEvent.ClusterDomainEvent event, Function<Address, T> peer) {
    switch (event) {
      case ClusterEvent.MemberEvent change -> changed(change.member());
      case ClusterEvent.UnreachableMember lost -> unreachable.add(lost.member().address());
      case ClusterEvent.ReachableMember found -> unreachable.remove(found.member().address());
      default -> {}
    }
    return up.stream().filter(node -> !unreachable.contains(node)).map(peer).toList();
  }

  private void changed(Member member) {
    boolean counts =
        member.status().equals(MemberStatus.up())
            && member.hasRole(Role.GATEWAY.word())
            && !member.uniqueAddress().equals(self);
    if (counts) {
      up.add(member.address());
    } else {
      up.remove(member.address());
      unreachable.remove(member.address());
    }
  }
}
