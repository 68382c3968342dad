package io.sampo.actors.scheduler;

import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.ServiceClass;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Requests that fit nowhere yet, in the order in which their first tokens are due: each when it
 * came and what its service class allows it to wait, shifted by so many steps as its priority says;
 * among equals the first come is the first served. A request's place is fixed when it comes, so
 * whoever comes later than the difference never overtakes it: waiting makes up for a lack of
 * urgency, and nobody starves.
 *
 * <p>Invariant: never more than the bound, and no more than half of it that nobody waits for.
 */
final class WaitingQueue {

  /**
   * One that waits.
   *
   * @param located where its beginning was when it came
   * @param slackNanos how long after it came its first token is due
   */
  record Waiting(PlacementRequest request, Located located, long sinceNanos, long slackNanos) {

    boolean batch() {
      return request.service() == ServiceClass.BATCH;
    }

    boolean expired(long nowNanos) {
      return nowNanos - sinceNanos >= request.remainingMillis() * 1_000_000;
    }
  }

  private final int bound;
  private final long stepNanos;
  private final Map<SequenceKey, Place> places = new HashMap<>();
  private final TreeMap<Place, Waiting> order = new TreeMap<>();
  private long arrivals;
  private int batch;

  /** Ordered by when it is due, shifted by its priority, then by which came first. */
  private record Place(long nanos, long arrival) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      // A difference, because the clock may pass the largest number.
      int byTime = Long.signum(nanos - other.nanos);
      return byTime == 0 ? Long.compare(arrival, other.arrival) : byTime;
    }
  }

  WaitingQueue(int bound, Duration priorityStep) {
    this.bound = bound;
    stepNanos = priorityStep.toNanos();
  }

  /**
   * Takes one in; false when the queue is full. One that waits already keeps its place.
   *
   * @param most how many may wait at this moment, where that is less than the bound
   */
  boolean offer(Waiting waiting, int most) {
    SequenceKey key = waiting.request().sequence();
    if (places.containsKey(key)) {
      return true;
    }
    int room = Math.min(bound, most);
    if (places.size() >= room || (waiting.batch() && batch >= Math.max(1, room / 2))) {
      return false;
    }
    long due = waiting.sinceNanos() + waiting.slackNanos();
    Place place = new Place(due + waiting.request().priority() * stepNanos, ++arrivals);
    batch += waiting.batch() ? 1 : 0;
    places.put(key, place);
    order.put(place, waiting);
    return true;
  }

  boolean isEmpty() {
    return places.isEmpty();
  }

  int size() {
    return places.size();
  }

  /** How long the one has waited that has waited longest; 0 where none waits. */
  long oldestNanos(long nowNanos) {
    return order.values().stream()
        .mapToLong(waiting -> nowNanos - waiting.sinceNanos())
        .max()
        .orElse(0);
  }

  /** Those that wait, the next one first; a copy. */
  List<Waiting> inOrder() {
    return List.copyOf(order.values());
  }

  boolean remove(SequenceKey sequence) {
    Place place = places.remove(sequence);
    Waiting gone = place == null ? null : order.remove(place);
    batch -= gone != null && gone.batch() ? 1 : 0;
    return gone != null;
  }

  /**
   * Takes out all that have waited for longer than this.
   *
   * @param batchToo also those that nobody waits for
   */
  List<Waiting> removeOlderThan(long nanos, boolean batchToo, long nowNanos) {
    List<Waiting> old =
        order.values().stream()
            .filter(waiting -> nowNanos - waiting.sinceNanos() > nanos)
            .filter(waiting -> batchToo || !waiting.batch())
            .toList();
    old.forEach(waiting -> remove(waiting.request().sequence()));
    return old;
  }
}
