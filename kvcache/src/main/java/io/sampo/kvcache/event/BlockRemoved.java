package io.sampo.kvcache.event;

import io.sampo.kvcache.block.BlockHash;

/**
 * The holder does not have these blocks in this tier any more; in other tiers it may.
 *
 * @param hashes {@link BlockHash#LONGS} longs for each block; nobody may change them any more
 * @param closed as in {@link BlockStored}: {@code true} as long as only ends of chains were
 *     removed, {@code false} once a block has gone and one that follows it stayed
 */
public record BlockRemoved(long epoch, long number, Tier tier, long[] hashes, boolean closed)
    implements BlockEvent {

  /** Refuses what no holder may say. */
  public BlockRemoved {
    BlockEvent.require(epoch, number, hashes);
  }
}
