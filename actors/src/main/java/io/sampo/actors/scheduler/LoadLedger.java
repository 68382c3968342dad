package io.sampo.actors.scheduler;

import static io.sampo.engines.spi.Priority.NORMAL;

import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.engines.spi.Places;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who is booked where. Invariant: each sequence holds at most one booking, and no replica more than
 * its {@link Places} take. A sequence gets a free place where there is one; only when all are taken
 * it may be booked where a less urgent one will give way.
 *
 * <p>A booking is given back by its generation. Should that message be lost, the replica's own list
 * of running sequences settles it: a booking that is older than the grace and not on the list is
 * void.
 */
final class LoadLedger {

  private static final class Load {
    final Places places;
    final Set<SequenceKey> booked = new HashSet<>();
    Pace pace = Pace.UNKNOWN;
    long busyUntilNanos;

    Load(int maxSequences, boolean preempts) {
      places = new Places(maxSequences, preempts);
    }

    boolean madeFor(int maxSequences, boolean preempts) {
      return places.sequences() == maxSequences && places.preempts() == preempts;
    }

    double share() {
      return (double) places.count() / places.sequences();
    }

    double waitingMillis(long nowNanos) {
      return booked.isEmpty() ? 0 : Math.max(0, busyUntilNanos - nowNanos) / 1e6;
    }

    void busy(double moreMillis, long nowNanos) {
      busyUntilNanos = nowNanos + (long) ((waitingMillis(nowNanos) + moreMillis) * 1e6);
    }
  }

  private record Booking(ReplicaId replica, int priority, long sinceNanos) {}

  private final Map<ReplicaId, Load> replicas = new LinkedHashMap<>();
  private final Map<SequenceKey, Booking> bookings = new HashMap<>();

  /**
   * A replica that can take work, as it reports itself.
   *
   * @param running sequences it runs already; they are taken over as bookings when the replica is
   *     new here, as of normal priority, which the replica alone knows better
   */
  void replicaUp(
      ReplicaId replica,
      int maxSequences,
      boolean preempts,
      Collection<SequenceKey> running,
      long nowNanos) {
    Load known = replicas.get(replica);
    if (known == null || !known.madeFor(maxSequences, preempts)) {
      replicaDown(replica);
      Load load = new Load(maxSequences, preempts);
      replicas.put(replica, load);
      running.stream()
          .filter(sequence -> !bookings.containsKey(sequence))
          .limit(maxSequences)
          .forEach(sequence -> book(load, sequence, new Booking(replica, NORMAL, nowNanos)));
    }
  }

  private void book(Load load, SequenceKey sequence, Booking booking) {
    load.booked.add(sequence);
    load.places.take(booking.priority);
    bookings.put(sequence, booking);
  }

  /** A replica was measured anew. */
  void measured(ReplicaId replica, Pace pace) {
    Load load = replicas.get(replica);
    if (load != null) {
      load.pace = pace;
    }
  }

  /**
   * Voids the bookings of a replica that it does not run although they are older than the grace.
   */
  void settle(ReplicaId replica, Collection<SequenceKey> running, long nowNanos, long graceNanos) {
    Load load = replicas.get(replica);
    if (load != null) {
      Set<SequenceKey> alive = Set.copyOf(running);
      for (SequenceKey sequence : List.copyOf(load.booked)) {
        Booking booking = bookings.get(sequence);
        if (booking != null
            && !alive.contains(sequence)
            && nowNanos - booking.sinceNanos > graceNanos) {
          release(sequence);
        }
      }
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
   * Books the cheapest replica that has a free place; where none has, the one with the smallest
   * share of its sequences booked that takes this priority; empty when there is none.
   *
   * @param tokens of the prompt
   * @param located where its beginning is
   */
  Optional<ReplicaId> book(
      SequenceKey sequence, int priority, int tokens, Located located, long nowNanos) {
    ReplicaId chosen = cheapest(tokens, located, nowNanos);
    chosen = chosen == null ? leastLoaded(priority) : chosen;
    Load load = chosen == null ? null : replicas.get(chosen);
    if (chosen == null || load == null) {
      return Optional.empty();
    }
    load.busy(Price.work(tokens, located, chosen, load.pace), nowNanos);
    book(load, sequence, new Booking(chosen, priority, nowNanos));
    return Optional.of(chosen);
  }

  boolean release(SequenceKey sequence) {
    Booking booking = bookings.remove(sequence);
    if (booking == null) {
      return false;
    }
    Load load = replicas.get(booking.replica);
    if (load == null || !load.booked.remove(sequence)) {
      return false;
    }
    load.places.free(booking.priority);
    return true;
  }

  int booked(ReplicaId replica) {
    Load load = replicas.get(replica);
    return load == null ? 0 : load.booked.size();
  }

  private @Nullable ReplicaId cheapest(int tokens, Located located, long nowNanos) {
    ReplicaId best = null;
    double bestPrice = Double.POSITIVE_INFINITY;
    for (Map.Entry<ReplicaId, Load> entry : replicas.entrySet()) {
      Load load = entry.getValue();
      if (load.places.hasFree()) {
        double price = price(entry.getKey(), load, tokens, located, nowNanos);
        if (price < bestPrice) {
          best = entry.getKey();
          bestPrice = price;
        }
      }
    }
    return best;
  }

  private static double price(
      ReplicaId replica, Load load, int tokens, Located located, long nowNanos) {
    return new Price(
            load.waitingMillis(nowNanos),
            Price.work(tokens, located, replica, load.pace),
            load.places.count(),
            load.share(),
            replica.equals(located.session()))
        .millis();
  }

  private @Nullable ReplicaId leastLoaded(int priority) {
    ReplicaId best = null;
    double bestShare = Double.POSITIVE_INFINITY;
    for (Map.Entry<ReplicaId, Load> entry : replicas.entrySet()) {
      Load load = entry.getValue();
      if (load.places.fits(priority) && load.share() < bestShare) {
        best = entry.getKey();
        bestShare = load.share();
      }
    }
    return best;
  }
}
