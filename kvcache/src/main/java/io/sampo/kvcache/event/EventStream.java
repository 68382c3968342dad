package io.sampo.kvcache.event;

import java.util.Map;

/**
 * Numbers what one holder says. Not for several threads at once: what is numbered must be what was
 * done, in the same order, so both stand under one lock of the holder.
 */
public final class EventStream {

  private final long epoch;
  private long next;

  /**
   * @param epoch higher than in every earlier life of the holder, such as the time of its start
   */
  public EventStream(long epoch) {
    this.epoch = epoch;
  }

  /** Blocks have come, at most {@link BlockEvent#MAX_BLOCKS}. */
  public BlockStored stored(Tier tier, long[] hashes, boolean closed) {
    BlockStored event = new BlockStored(epoch, next, tier, hashes, closed);
    next++;
    return event;
  }

  /** Blocks have gone, at most {@link BlockEvent#MAX_BLOCKS}. */
  public BlockRemoved removed(Tier tier, long[] hashes, boolean closed) {
    BlockRemoved event = new BlockRemoved(epoch, next, tier, hashes, closed);
    next++;
    return event;
  }

  /** All blocks have gone. */
  public AllBlocksCleared cleared() {
    AllBlocksCleared event = new AllBlocksCleared(epoch, next);
    next++;
    return event;
  }

  /** All that the holder has now, after every event that was numbered. */
  public BlockSnapshot snapshot(Map<Tier, long[]> hashes, boolean closed) {
    return new BlockSnapshot(epoch, next, closed, hashes);
  }
}
