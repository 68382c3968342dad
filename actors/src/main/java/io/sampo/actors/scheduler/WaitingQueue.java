package io.sampo.actors.scheduler;

import io.sampo.actors.wire.SequenceKey;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Requests that fit nowhere yet. Each stands where it would if it had come so many steps later as
 * its priority says; among equals the first come is the first served. A request's place is fixed
 * when it comes, so whoever comes more than (priority difference × step) later never overtakes it:
 * waiting makes up for a lack of urgency, and nobody starves.
 *
 * <p>Invariant: never more than the bound.
 */
final class WaitingQueue {

  /**
   * One that waits.
   *
   * @param located where its beginning was when it came
   */
  record Waiting(PlacementRequest request, Located located, long sinceNanos) {

    boolean expired(long nowNanos) {
      return nowNanos - sinceNanos >= request.remainingMillis() * 1_000_000;
    }
  }

  private final int bound;
  private final long stepNanos;
  private final Map<SequenceKey, Place> places = new HashMap<>();
  private final TreeMap<Place, Waiting> order = new TreeMap<>();
  private long arrivals;

  /** Ordered by when it came, shifted by its priority, then by which came first. */
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

  /** Takes one in; false when the queue is full. One that waits already keeps its place. */
  boolean offer(Waiting waiting) {
    SequenceKey key = waiting.request().sequence();
    if (places.containsKey(key)) {
      return true;
    }
    if (places.size() >= bound) {
      return false;
    }
    long shifted = waiting.sinceNanos() + waiting.request().priority() * stepNanos;
    Place place = new Place(shifted, ++arrivals);
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
    return place != null && order.remove(place) != null;
  }

  /** Takes out all that have waited for longer than this. */
  List<Waiting> removeOlderThan(long nanos, long nowNanos) {
    List<Waiting> old =
        order.values().stream().filter(waiting -> nowNanos - waiting.sinceNanos() > nanos).toList();
    old.forEach(waiting -> remove(waiting.request().sequence()));
    return old;
  }
}
