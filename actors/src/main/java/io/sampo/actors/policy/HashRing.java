package io.sampo.actors.policy;

import io.sampo.actors.wire.ReplicaId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Consistent hashing (Karger et al., STOC 1997): each replica owns some points of a ring, a key
 * belongs to the next point, and who comes or goes moves only the keys beside its own points.
 */
final class HashRing {

  /** Points of each replica, so that their shares differ little. */
  private static final int POINTS = 64;

  private Set<ReplicaId> members = Set.of();
  private List<ReplicaId> owners = List.of();
  private long[] points = new long[0];

  private record Point(long at, ReplicaId owner) {}

  /** Has these members from now on. */
  void set(Collection<ReplicaId> replicas) {
    if (replicas.size() == members.size() && members.containsAll(replicas)) {
      return;
    }
    members = new HashSet<>(replicas);
    List<Point> ring = new ArrayList<>(POINTS * members.size());
    for (ReplicaId replica : members) {
      for (int point = 0; point < POINTS; point++) {
        long name = hash(replica.entityId());
        ring.add(new Point(mixed(name + point), replica));
      }
    }
    ring.sort(
        (one, other) ->
            one.at == other.at
                ? Integer.compare(one.owner.ordinal(), other.owner.ordinal())
                : Long.compare(one.at, other.at));
    points = ring.stream().mapToLong(Point::at).toArray();
    owners = ring.stream().map(Point::owner).toList();
  }

  int size() {
    return members.size();
  }

  /** All members in the order in which a key meets them. */
  Collection<ReplicaId> from(long key) {
    Set<ReplicaId> met = new LinkedHashSet<>();
    int start = start(key);
    for (int i = 0; i < points.length && met.size() < members.size(); i++) {
      met.add(owners.get((start + i) % points.length));
    }
    return met;
  }

  /** The member a key belongs to; there must be one. */
  ReplicaId owner(long key) {
    return owners.get(start(key) % points.length);
  }

  private int start(long key) {
    int found = Arrays.binarySearch(points, mixed(key));
    return found < 0 ? -found - 1 : found;
  }

  static long hash(String text) {
    long hash = 0xCBF29CE484222325L;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001B3L;
    }
    return mixed(hash);
  }

  /** Spreads a number's bits over all 64 (SplitMix64's finisher). */
  static long mixed(long number) {
    long mixed = (number ^ (number >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }
}
