package io.sampo.actors.holder;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.event.AllBlocksCleared;
import io.sampo.kvcache.event.BlockEvent;
import io.sampo.kvcache.event.BlockRemoved;
import io.sampo.kvcache.event.BlockStored;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The latest events of a store. Events come from the store's own thread and are read by the {@link
 * Holder}; whoever wants one that has gone needs a snapshot.
 */
public final class EventLog {

  private final int maxBlocks;
  private final Deque<BlockEvent> events = new ArrayDeque<>();
  private int blocks;
  private long epoch;
  private long next;
  private @Nullable Runnable news;
  private boolean told;

  /**
   * @param maxBlocks about how many blocks the kept events may name in all, 16 bytes of the Java
   *     heap each; at least 1
   */
  public EventLog(int maxBlocks) {
    if (maxBlocks < 1) {
      throw new IllegalArgumentException("maxBlocks must be at least 1: " + maxBlocks);
    }
    this.maxBlocks = maxBlocks;
  }

  /** What happened next in the store. */
  public void add(List<BlockEvent> happened) {
    Runnable tell = null;
    synchronized (this) {
      happened.forEach(this::add);
      if (!told) {
        told = true;
        tell = news;
      }
    }
    if (tell != null) {
      tell.run();
    }
  }

  private void add(BlockEvent event) {
    if (event.epoch() != epoch || event.number() != next) {
      events.clear();
      blocks = 0;
    }
    events.add(event);
    blocks += weight(event);
    epoch = event.epoch();
    next = event.number() + 1;
    while (blocks > maxBlocks && events.size() > 1) {
      blocks -= weight(events.remove());
    }
  }

  /** How many blocks an event names; what names none counts, too. */
  private static int weight(BlockEvent event) {
    return switch (event) {
      case BlockStored stored -> BlockHash.count(stored.hashes());
      case BlockRemoved removed -> BlockHash.count(removed.hashes());
      case AllBlocksCleared _ -> 1;
    };
  }

  /** Runs this once when there are events that nobody has asked for since. It must not wait. */
  synchronized void whenNews(Runnable tell) {
    news = tell;
  }

  /**
   * What happened from an event on.
   *
   * @param most how many blocks the answer may name; the first event is always in it
   * @return empty when nothing did that is known here; null when something did that is not known
   *     any more
   */
  synchronized @Nullable List<BlockEvent> from(long ofEpoch, long number, int most) {
    told = false;
    if (ofEpoch > epoch || (ofEpoch == epoch && number >= next)) {
      // Who has a snapshot may be ahead of the events, which take a little longer.
      return List.of();
    }
    if (ofEpoch < epoch || number < events.getFirst().number()) {
      return null;
    }
    List<BlockEvent> some = new ArrayList<>();
    int named = 0;
    for (BlockEvent event : events) {
      if (event.number() >= number) {
        named += weight(event);
        if (named > most && !some.isEmpty()) {
          break;
        }
        some.add(event);
      }
    }
    return some;
  }
}
