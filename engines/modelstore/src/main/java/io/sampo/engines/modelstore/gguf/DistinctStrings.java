package io.sampo.engines.modelstore.gguf;

import java.nio.ByteBuffer;

/**
 * Finds a repeated string among many without decoding any: an open-addressed table of positions,
 * compared first by a 64-bit hash of the bytes and then byte by byte. The hash has a seed for each
 * process, so that a file cannot be made to collide.
 */
final class DistinctStrings {

  private static final long PRIME = 0x9E3779B97F4A7C15L;
  private static final long SEED = (System.nanoTime() * PRIME) | 1;

  private final ByteBuffer head;
  private final int[] positions;
  private final long[] hashes;
  private final int mask;

  private DistinctStrings(ByteBuffer head, int count) {
    int slots = Integer.highestOneBit(Math.max(count, 1)) << 2;
    this.head = head;
    this.positions = new int[slots];
    this.hashes = new long[slots];
    this.mask = slots - 1;
  }

  /**
   * The index of the first string that repeats an earlier one; -1 when there is none. Empty strings
   * do not count.
   *
   * @param start position of the first string's length; never 0 in a GGUF file
   */
  static int firstRepeated(ByteBuffer head, int start, int count) {
    DistinctStrings table = new DistinctStrings(head, count);
    int position = start;
    for (int i = 0; i < count; i++) {
      int length = (int) head.getLong(position);
      if (length > 0 && !table.add(position, length)) {
        return i;
      }
      position += Long.BYTES + length;
    }
    return -1;
  }

  private boolean add(int position, int length) {
    long hash = hash(position + Long.BYTES, length);
    int slot = (int) (hash >>> 32) & mask;
    while (positions[slot] != 0) {
      if (hashes[slot] == hash && same(positions[slot], position, length)) {
        return false;
      }
      slot = (slot + 1) & mask;
    }
    positions[slot] = position;
    hashes[slot] = hash;
    return true;
  }

  private long hash(int start, int length) {
    long hash = SEED ^ length;
    int at = start;
    int end = start + length;
    for (; at <= end - Long.BYTES; at += Long.BYTES) {
      hash = mix(hash, head.getLong(at));
    }
    long rest = 0;
    for (; at < end; at++) {
      rest = (rest << 8) | (head.get(at) & 0xff);
    }
    return mix(hash, rest);
  }

  private static long mix(long hash, long word) {
    long product = (hash ^ word) * PRIME;
    return product ^ (product >>> 29);
  }

  private boolean same(int one, int other, int length) {
    if (head.getLong(one) != length) {
      return false;
    }
    ByteBuffer first = head.slice(one + Long.BYTES, length);
    return first.equals(head.slice(other + Long.BYTES, length));
  }
}
