package io.sampo.actors.placement;

import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.wire.ReplicaId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which replica lives on which engine node, and so which replicas a model should have: those that
 * live, and one more for each node that has none of it.
 *
 * <p>Invariant: a replica that lives keeps its number whoever leaves, so that nothing that runs is
 * stopped to fill a gap in the count.
 */
final class Seats {

  private final Map<ReplicaId, String> living = new HashMap<>();
  private final Set<String> nodes = new HashSet<>();
  private final Set<String> leaving = new HashSet<>();

  /** These are the engine nodes now, by address. */
  void nodes(Set<String> present) {
    leaving.retainAll(present);
    nodes.clear();
    nodes.addAll(present);
    nodes.removeAll(leaving);
    living.values().retainAll(nodes);
  }

  /** This one is still there and counts no more. */
  void leaves(String node) {
    if (nodes.remove(node)) {
      leaving.add(node);
      living.values().removeIf(node::equals);
    }
  }

  /** A replica has said that it lives there. */
  void seen(ReplicaId replica, String node) {
    if (nodes.contains(node)) {
      living.put(replica, node);
    }
  }

  List<ReplicaId> wanted(ModelSpec spec) {
    TreeSet<Integer> ordinals = new TreeSet<>();
    living.keySet().stream()
        .filter(replica -> replica.model().equals(spec.id()))
        .forEach(replica -> ordinals.add(replica.ordinal()));
    int count = spec.replicas() == 0 ? nodes.size() : Math.min(spec.replicas(), nodes.size());
    for (int next = 0; ordinals.size() < count; next++) {
      ordinals.add(next);
    }
    return ordinals.stream().map(ordinal -> new ReplicaId(spec.id(), ordinal)).toList();
  }
}
