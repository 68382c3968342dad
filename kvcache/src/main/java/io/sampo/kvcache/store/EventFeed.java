package io.sampo.kvcache.store;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.event.BlockEvent;
import io.sampo.kvcache.event.BlockSnapshot;
import io.sampo.kvcache.event.EventStream;
import io.sampo.kvcache.event.Tier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Makes numbered events of what happens to single blocks; what happens several times in a row is
 * one event. Guarded by the store's lock.
 *
 * <p>A store's tiers have with each block all blocks before it, but an event names several blocks
 * at once, in the order in which they came or went; so what it says of the tier holds when all of
 * it is read.
 */
final class EventFeed {

  /** So many events wait for a slow listener; then they are dropped, and their numbers missing. */
  static final int MAX_WAITING = 1 << 14;

  private enum Kind {
    NOTHING,
    STORED,
    REMOVED
  }

  private final EventStream stream;
  private List<BlockEvent> waiting = new ArrayList<>();
  private Kind kind = Kind.NOTHING;
  private Tier tier = Tier.HOST;
  private long[] hashes = new long[16];
  private int length;

  EventFeed(long epoch) {
    stream = new EventStream(epoch);
  }

  void stored(Tier where, BlockHash hash) {
    add(Kind.STORED, where, hash);
  }

  void removed(Tier where, BlockHash hash) {
    add(Kind.REMOVED, where, hash);
  }

  void cleared() {
    length = 0;
    queue(stream.cleared());
  }

  private void add(Kind what, Tier where, BlockHash hash) {
    if (what != kind || where != tier || length == BlockHash.LONGS * BlockEvent.MAX_BLOCKS) {
      endRun();
      kind = what;
      tier = where;
    }
    if (length == hashes.length) {
      hashes = Arrays.copyOf(hashes, 2 * length);
    }
    hashes[length++] = hash.first();
    hashes[length++] = hash.second();
  }

  private void endRun() {
    if (length > 0) {
      long[] run = Arrays.copyOf(hashes, length);
      length = 0;
      queue(kind == Kind.STORED ? stream.stored(tier, run, true) : stream.removed(tier, run, true));
    }
  }

  private void queue(BlockEvent event) {
    if (waiting.size() == MAX_WAITING) {
      waiting.clear();
    }
    waiting.add(event);
  }

  boolean isEmpty() {
    return waiting.isEmpty() && length == 0;
  }

  /** What was not taken yet. */
  List<BlockEvent> take() {
    endRun();
    List<BlockEvent> taken = waiting;
    waiting = new ArrayList<>();
    return taken;
  }

  /** All there is, as it is after every event so far. */
  BlockSnapshot snapshot(Map<Tier, long[]> all) {
    endRun();
    return stream.snapshot(all, true);
  }
}
