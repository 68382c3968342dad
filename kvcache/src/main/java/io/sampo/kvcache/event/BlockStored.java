package io.sampo.kvcache.event;

import io.sampo.kvcache.block.BlockHash;

/**
 * The holder has these blocks in this tier now, whatever other tiers it has them in.
 *
 * @param hashes {@link BlockHash#LONGS} longs for each block; nobody may change them any more
 * @param closed whether the holder has now, with each block in a tier, all blocks before it in that
 *     tier or in a faster one. {@code false} when it does not know: always right, but slower to
 *     search
 */
public record BlockStored(long epoch, long number, Tier tier, long[] hashes, boolean closed)
    implements BlockEvent {

  /** Refuses what no holder may say. */
  public BlockStored {
    BlockEvent.require(epoch, number, hashes);
  }
}
