package io.sampo.kvcache.event;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Follows the numbers of one holder's events and tells what to do with each. Not for several
 * threads at once.
 *
 * <p>Events of an epoch are applied in the order of their numbers. After a gap, nothing is applied
 * before a snapshot has come; events that come meanwhile are kept, for a snapshot travels on
 * another road than events and may be older than some of them:
 *
 * <pre>
 *   switch (reader.read(event)) { case GAP -&gt; ask the holder for a snapshot; … }
 *
 *   if (reader.accepts(snapshot)) {
 *     replace all that was known of the holder;
 *     for (BlockEvent event : reader.takeKept()) { read it again }
 *   }
 * </pre>
 *
 * <p>A snapshot may be lost like anything else: who waits too long for one asks again.
 */
public final class EventReader {

  /** What an event is. */
  public enum Verdict {
    /** The next one: apply it. */
    NEXT,
    /** The first one of a new epoch: forget all of the holder, then apply it. */
    FIRST,
    /** It was applied before, or belongs to a life of the holder that is over: ignore it. */
    OLD,
    /** It waits here for a snapshot that was asked for. */
    KEPT,
    /** Something is missing before it: ask for a snapshot. It waits here for that. */
    GAP
  }

  private static final long NONE = -1;

  private final Deque<BlockEvent> kept = new ArrayDeque<>();
  private final int maxKept;
  private long epoch = NONE;
  private long next;
  private boolean waiting;

  /**
   * @param maxKept how many events may wait for a snapshot, at least 1; when more come, they are
   *     dropped and another snapshot has to be asked for
   */
  public EventReader(int maxKept) {
    if (maxKept < 1) {
      throw new IllegalArgumentException("maxKept must be at least 1: " + maxKept);
    }
    this.maxKept = maxKept;
  }

  /** Takes notice of an event. */
  public Verdict read(BlockEvent event) {
    if (older(event.epoch(), event.number())) {
      return Verdict.OLD;
    }
    if (event.epoch() > epoch) {
      return begin(event);
    }
    if (waiting) {
      return keep(event, Verdict.KEPT);
    }
    if (event.number() > next) {
      return keep(event, Verdict.GAP);
    }
    next++;
    return Verdict.NEXT;
  }

  private boolean older(long otherEpoch, long number) {
    return otherEpoch < epoch || (otherEpoch == epoch && number < next);
  }

  private Verdict begin(BlockEvent event) {
    kept.clear();
    epoch = event.epoch();
    next = 0;
    if (event.number() > 0) {
      return keep(event, Verdict.GAP);
    }
    next = 1;
    waiting = false;
    return Verdict.FIRST;
  }

  private Verdict keep(BlockEvent event, Verdict verdict) {
    waiting = true;
    boolean full = kept.size() == maxKept;
    if (full) {
      kept.clear();
    }
    kept.add(event);
    return full ? Verdict.GAP : verdict;
  }

  /**
   * Whether a snapshot is not older than what is known. If so, it counts as read: it has to be
   * applied, and then the events of {@link #takeKept}.
   */
  public boolean accepts(BlockSnapshot snapshot) {
    if (older(snapshot.epoch(), snapshot.next())) {
      return false;
    }
    epoch = snapshot.epoch();
    next = snapshot.next();
    waiting = false;
    return true;
  }

  /** The events that waited, in the order in which they came; to be read again. */
  public List<BlockEvent> takeKept() {
    List<BlockEvent> events = List.copyOf(kept);
    kept.clear();
    return events;
  }

  /** Whether a snapshot is wanted. */
  public boolean waiting() {
    return waiting;
  }
}
