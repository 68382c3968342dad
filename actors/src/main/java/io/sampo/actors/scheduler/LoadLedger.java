package io.sampo.actors.scheduler;

import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who is booked where. Invariant: each sequence holds at most one booking, and no replica more than
 * its sequences.
 *
 * <p>A booking is given back by its generation. Should that message be lost, the replica's own list
 * of running sequences settles it: a booking that is older than the grace and not on the list is
 * void.
 */
final class LoadLedger {

  private static final class Load {
    final int maxSequences;
    final Set<SequenceKey> booked = new HashSet<>();

    Load(int maxSequences) {
      this.maxSequences = maxSequences;
    }

    double share() {
      return (double) booked.size() / maxSequences;
    }
  }

  private record Booking(ReplicaId replica, long sinceNanos) {}

  private final Map<ReplicaId, Load> replicas = new LinkedHashMap<>();
  private final Map<SequenceKey, Booking> bookings = new HashMap<>();

  /**
   * A replica that can take work, as it reports itself.
   *
   * @param running sequences it runs already; they are taken over as bookings when the replica is
   *     new here
   */
  void replicaUp(
      ReplicaId replica, int maxSequences, Collection<SequenceKey> running, long nowNanos) {
    Load known = replicas.get(replica);
    if (known == null || known.maxSequences != maxSequences) {
      replicaDown(replica);
      Load load = new Load(maxSequences);
      replicas.put(replica, load);
      running.stream()
          .filter(sequence -> !bookings.containsKey(sequence))
          .limit(maxSequences)
          .forEach(
              sequence -> {
                load.booked.add(sequence);
                bookings.put(sequence, new Booking(replica, nowNanos));
              });
    }
  }

  /**
   * Voids the bookings of a replica that it does not run although they are older than the grace.
   */
  void settle(ReplicaId replica, Collection<SequenceKey> running, long nowNanos, long graceNanos) {
    Load load = replicas.get(replica);
    if (load != null) {
      Set<SequenceKey> alive = Set.copyOf(running);
      load.booked.removeIf(
          sequence -> {
            Booking booking = bookings.get(sequence);
            boolean stale =
                booking == null
                    || (!alive.contains(sequence) && nowNanos - booking.sinceNanos > graceNanos);
            if (stale) {
              bookings.remove(sequence);
            }
            return stale;
          });
    }
  }

  void replicaDown(ReplicaId replica) {
    Load gone = replicas.remove(replica);
    if (gone != null) {
      gone.booked.forEach(bookings::remove);
    }
  }

  boolean hasReplicas() {
    return !replicas.isEmpty();
  }

  Optional<ReplicaId> bookedAt(SequenceKey sequence) {
    return Optional.ofNullable(bookings.get(sequence)).map(Booking::replica);
  }

  /**
   * Books the preferred replica when it has room, else the one with the smallest share of its
   * sequences booked; empty when all are full.
   */
  Optional<ReplicaId> book(SequenceKey sequence, @Nullable ReplicaId preferred, long nowNanos) {
    ReplicaId chosen = preferred != null && hasRoom(preferred) ? preferred : leastLoaded();
    Load load = chosen == null ? null : replicas.get(chosen);
    if (chosen == null || load == null) {
      return Optional.empty();
    }
    load.booked.add(sequence);
    bookings.put(sequence, new Booking(chosen, nowNanos));
    return Optional.of(chosen);
  }

  boolean release(SequenceKey sequence) {
    Booking booking = bookings.remove(sequence);
    if (booking == null) {
      return false;
    }
    Load load = replicas.get(booking.replica);
    return load != null && load.booked.remove(sequence);
  }

  int booked(ReplicaId replica) {
    Load load = replicas.get(replica);
    return load == null ? 0 : load.booked.size();
  }

  private boolean hasRoom(ReplicaId replica) {
    Load load = replicas.get(replica);
    return load != null && load.booked.size() < load.maxSequences;
  }

  private @Nullable ReplicaId leastLoaded() {
    ReplicaId best = null;
    double bestShare = 1;
    for (Map.Entry<ReplicaId, Load> entry : replicas.entrySet()) {
      if (entry.getValue().share() < bestShare) {
        best = entry.getKey();
        bestShare = entry.getValue().share();
      }
    }
    return best;
  }
}
