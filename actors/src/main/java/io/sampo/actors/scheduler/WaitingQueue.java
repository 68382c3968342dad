package io.sampo.actors.scheduler;

import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Requests that fit nowhere yet, first come first served. Invariant: never more than the bound. */
final class WaitingQueue {

  /**
   * One that waits.
   *
   * @param preferred where its session was last, or null
   * @param reason why it would go there, for the answer's route
   */
  record Waiting(
      PlacementRequest request, @Nullable ReplicaId preferred, String reason, long sinceNanos) {

    boolean expired(long nowNanos) {
      return nowNanos - sinceNanos >= request.remainingMillis() * 1_000_000;
    }
  }

  private final int bound;
  private final LinkedHashMap<SequenceKey, Waiting> entries = new LinkedHashMap<>();

  WaitingQueue(int bound) {
    this.bound = bound;
  }

  /** Adds at the end; false when the queue is full. One that waits already keeps its place. */
  boolean offer(Waiting waiting) {
    SequenceKey key = waiting.request().sequence();
    if (!entries.containsKey(key) && entries.size() >= bound) {
      return false;
    }
    entries.putIfAbsent(key, waiting);
    return true;
  }

  @Nullable Waiting first() {
    return entries.isEmpty() ? null : entries.firstEntry().getValue();
  }

  boolean remove(SequenceKey sequence) {
    return entries.remove(sequence) != null;
  }

  /** Takes out all that have waited for longer than this. */
  List<Waiting> removeOlderThan(long nanos, long nowNanos) {
    List<Waiting> old = new ArrayList<>();
    while (first() instanceof Waiting waiting && nowNanos - waiting.sinceNanos() > nanos) {
      remove(waiting.request().sequence());
      old.add(waiting);
    }
    return old;
  }
}
