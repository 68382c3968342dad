package io.sampo.engines.llamacpp;

import java.util.Arrays;

/**
 * The places of an engine's sequences, as llama-server has them: a sequence that ends leaves its
 * tokens in its slot, and the next one takes the free slot that holds the longest common beginning.
 * Below a share of its prompt the beginning is not worth another conversation's cache, and the slot
 * unused for the longest time is taken instead. Slot numbers are llama.cpp's sequence ids.
 */
final class Slots {

  /** A common beginning must be this share of a prompt to decide. */
  private static final double WORTHWHILE = 0.1;

  private static final int[] NOTHING = {};

  private final int[][] tokens;
  private final int[] lengths;
  private final boolean[] taken;
  private final long[] lastUsed;
  private long clock;

  Slots(int count) {
    tokens = new int[count][];
    Arrays.fill(tokens, NOTHING);
    lengths = new int[count];
    taken = new boolean[count];
    lastUsed = new long[count];
  }

  /** Takes the best free slot for a prompt; there must be one. */
  int take(int[] prompt) {
    int oldest = -1;
    int best = -1;
    int longest = 0;
    for (int slot = 0; slot < taken.length; slot++) {
      if (taken[slot]) {
        continue;
      }
      if (oldest < 0 || lastUsed[slot] < lastUsed[oldest]) {
        oldest = slot;
      }
      int common = commonTokens(slot, prompt);
      if (common > longest) {
        best = slot;
        longest = common;
      }
    }
    int slot = longest > prompt.length * WORTHWHILE ? best : oldest;
    if (slot < 0) {
      throw new IllegalStateException("all slots are taken");
    }
    taken[slot] = true;
    return slot;
  }

  /** How many leading tokens of a prompt a slot holds. */
  int commonTokens(int slot, int[] prompt) {
    int limit = Math.min(lengths[slot], prompt.length);
    int different = Arrays.mismatch(tokens[slot], 0, limit, prompt, 0, limit);
    return different < 0 ? limit : different;
  }

  /**
   * Gives a slot back with what the native context still holds in it.
   *
   * @param held not copied; must not change in its first {@code length} elements
   */
  void release(int slot, int[] held, int length) {
    taken[slot] = false;
    tokens[slot] = held;
    lengths[slot] = length;
    lastUsed[slot] = ++clock;
  }

  boolean isFree(int slot) {
    return !taken[slot];
  }

  int count() {
    return taken.length;
  }

  /** Notes that the native context holds nothing in a slot any more. */
  void forget(int slot) {
    tokens[slot] = NOTHING;
    lengths[slot] = 0;
  }

  /** Tokens held in free slots. */
  long retainedTokens() {
    long sum = 0;
    for (int slot = 0; slot < taken.length; slot++) {
      sum += taken[slot] ? 0 : lengths[slot];
    }
    return sum;
  }
}
