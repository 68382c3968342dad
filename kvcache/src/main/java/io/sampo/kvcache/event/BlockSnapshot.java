package io.sampo.kvcache.event;

import io.sampo.kvcache.block.BlockHash;
import java.util.Map;

/**
 * All that a holder has. It replaces whatever was known of the holder.
 *
 * @param epoch as in {@link BlockEvent}
 * @param next the number of the first event that is not contained in it
 * @param closed as in {@link BlockStored}
 * @param hashes {@link BlockHash#LONGS} longs for each block of a tier, in any order and number; a
 *     block may be in several tiers; nobody may change the arrays any more
 */
public record BlockSnapshot(long epoch, long next, boolean closed, Map<Tier, long[]> hashes) {

  /** Refuses what no holder may say. */
  public BlockSnapshot {
    BlockEvent.require(epoch, next);
    hashes = Map.copyOf(hashes);
    for (long[] one : hashes.values()) {
      if (one.length % BlockHash.LONGS != 0) {
        throw new IllegalArgumentException(
            "a block has %d longs, a tier of a snapshot %d".formatted(BlockHash.LONGS, one.length));
      }
    }
  }
}
