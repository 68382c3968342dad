package io.sampo.kvcache.block;

import java.util.HexFormat;

/**
 * The hash of one block and of all before it, 128 bits.
 *
 * @param first its first eight bytes, read in little-endian order
 * @param second its last eight bytes, likewise
 */
public record BlockHash(long first, long second) {

  /** How many longs of a chain's array one hash takes. */
  public static final int LONGS = 2;

  /**
   * One hash of a chain.
   *
   * @param hashes of {@link BlockChain#hashes}
   * @param block 0 for the first
   */
  public static BlockHash at(long[] hashes, int block) {
    return new BlockHash(hashes[LONGS * block], hashes[LONGS * block + 1]);
  }

  /** How many blocks the array of a chain has. */
  public static int count(long[] hashes) {
    return hashes.length / LONGS;
  }

  /** The bits are uniform already, so a few of them do. */
  @Override
  public int hashCode() {
    return (int) first;
  }

  /** 32 hexadecimal digits, in the order of the bytes. */
  @Override
  public String toString() {
    HexFormat hex = HexFormat.of();
    return hex.toHexDigits(Long.reverseBytes(first)) + hex.toHexDigits(Long.reverseBytes(second));
  }
}
