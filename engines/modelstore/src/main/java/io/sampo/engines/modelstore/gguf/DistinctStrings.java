package io.sampo.engines.modelstore.gguf;

import java.util.Arrays;

/**
 * Finds a repeated string among many without decoding any: an open-addressed table of positions,
 * compared first by a 64-bit hash of the bytes and then byte by byte. The hash has a seed for each
 * process, so that a file cannot easily be made to collide. It works on a plain array, which is
 * fast even before the compiler has seen the loops.
 */
final class DistinctStrings {

  private static final long PRIME = 0x9E3779B97F4A7C15L;
  private static final long SEED = (System.nanoTime() * PRIME) | 1;

  private final byte[] region;

  /** Where a string begins, plus one; 0 for a free slot. */
  private final int[] starts;

  private final long[] hashes;
  private final int mask;

  private DistinctStrings(byte[] region, int count) {
    int slots = Integer.highestOneBit(Math.max(count, 1)) << 2;
    this.region = region;
    this.starts = new int[slots];
    this.hashes = new long[slots];
    this.mask = slots - 1;
  }

  /**
   * The index of the first string that repeats an earlier one; -1 when there is none. Empty strings
   * do not count.
   *
   * @param region the strings as they stand in a file, each after its length, all inside the array
   */
  static int firstRepeated(byte[] region, int count) {
    DistinctStrings table = new DistinctStrings(region, count);
    int at = 0;
    for (int i = 0; i < count; i++) {
      int start = at + Long.BYTES;
      int length = table.length(at);
      if (length > 0 && !table.add(start, start + length)) {
        return i;
      }
      at = start + length;
    }
    return -1;
  }

  /** Lengths are known to be far below 2^24. */
  private int length(int at) {
    return (region[at] & 0xff) | ((region[at + 1] & 0xff) << 8) | ((region[at + 2] & 0xff) << 16);
  }

  private boolean add(int start, int end) {
    long hash = SEED;
    for (int i = start; i < end; i++) {
      hash = (hash ^ region[i]) * PRIME;
    }
    int slot = (int) (hash >>> 32) & mask;
    while (starts[slot] != 0) {
      if (hashes[slot] == hash && same(starts[slot] - 1, start, end)) {
        return false;
      }
      slot = (slot + 1) & mask;
    }
    starts[slot] = start + 1;
    hashes[slot] = hash;
    return true;
  }

  private boolean same(int other, int start, int end) {
    int length = end - start;
    return length(other - Long.BYTES) == length
        && Arrays.equals(region, start, end, region, other, other + length);
  }
}
