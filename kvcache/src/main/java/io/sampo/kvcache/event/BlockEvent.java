package io.sampo.kvcache.event;

import io.sampo.kvcache.block.BlockHash;

/**
 * Something that changed in what a holder has. A holder numbers its events without a gap: the first
 * of an epoch has number 0.
 */
public sealed interface BlockEvent permits BlockStored, BlockRemoved, AllBlocksCleared {

  /** How many blocks one event may name, so that it fits into a message. */
  int MAX_BLOCKS = 4096;

  /**
   * Which life of the holder this belongs to, from 0. A holder that starts again, and so may have
   * lost blocks without a word, takes a higher one and begins with nothing.
   */
  long epoch();

  /** The event's number in its epoch. */
  long number();

  /** Refuses what no holder may say. Events come from peers. */
  static void require(long epoch, long number, long[] hashes) {
    require(epoch, number);
    int blocks = BlockHash.count(hashes);
    if (hashes.length % BlockHash.LONGS != 0 || blocks == 0 || blocks > MAX_BLOCKS) {
      throw new IllegalArgumentException(
          "an event names 1 to %d blocks of %d longs each, not %d longs"
              .formatted(MAX_BLOCKS, BlockHash.LONGS, hashes.length));
    }
  }

  /** Likewise, of what names no blocks. */
  static void require(long epoch, long number) {
    if (epoch < 0 || number < 0) {
      throw new IllegalArgumentException(
          "epoch and number must not be negative: %d, %d".formatted(epoch, number));
    }
  }
}
