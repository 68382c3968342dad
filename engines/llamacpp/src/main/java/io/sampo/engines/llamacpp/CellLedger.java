package io.sampo.engines.llamacpp;

/**
 * Counts the KV cells that sequences hold, cells held by several of them once.
 *
 * <p>Sequences share nothing but beginnings, so which cells two of them have in common is told by
 * one number, the length of the beginning they share. These numbers form a tree: of three sequences
 * the two shortest common beginnings are equal. Therefore a sequence's first {@code max} cells,
 * where {@code max} is the longest beginning it shares with any other, are held by others too, and
 * the rest by it alone; no cell needs a count of its own, and every operation takes time in the
 * number of sequences, never in their length.
 *
 * <p>Invariant: {@link #used} is the number of different cells held; a sequence holds as many cells
 * as it is long.
 */
final class CellLedger {

  private final int[] lengths;

  /** Symmetric; of a sequence with itself it is 0. */
  private final int[][] shared;

  private long used;

  CellLedger(int sequences) {
    lengths = new int[sequences];
    shared = new int[sequences][sequences];
  }

  int length(int sequence) {
    return lengths[sequence];
  }

  /** How many different cells are held. */
  long used() {
    return used;
  }

  /** Cells that a sequence alone holds; they lie at its end. */
  int own(int sequence) {
    return lengths[sequence] - sharedWithAny(sequence);
  }

  /** A sequence got cells of its own at its end. */
  void grow(int sequence, int cells) {
    lengths[sequence] += cells;
    used += cells;
  }

  /**
   * An empty sequence got the first cells of another.
   *
   * @param cells at most as many as the other holds
   */
  void share(int from, int to, int cells) {
    if (from == to || lengths[to] != 0 || cells > lengths[from]) {
      throw new IllegalArgumentException(
          "share " + cells + " of " + lengths[from] + " with one that holds " + lengths[to]);
    }
    lengths[to] = cells;
    for (int other = 0; other < lengths.length; other++) {
      if (other != to) {
        set(to, other, other == from ? cells : Math.min(cells, shared[from][other]));
      }
    }
  }

  /** A sequence gave up its cells from a position on; 0 gives up all. */
  void cut(int sequence, int from) {
    if (from >= lengths[sequence]) {
      return;
    }
    used -= lengths[sequence] - Math.max(from, sharedWithAny(sequence));
    lengths[sequence] = from;
    for (int other = 0; other < lengths.length; other++) {
      set(sequence, other, Math.min(from, shared[sequence][other]));
    }
  }

  private int sharedWithAny(int sequence) {
    int longest = 0;
    for (int cells : shared[sequence]) {
      longest = Math.max(longest, cells);
    }
    return longest;
  }

  private void set(int one, int other, int cells) {
    shared[one][other] = cells;
    shared[other][one] = cells;
  }

  /**
   * How many different cells some of the sequences hold.
   *
   * @param chosen indexed by sequence
   */
  long usedBy(boolean[] chosen) {
    long sum = 0;
    for (int one = 0; one < lengths.length; one++) {
      if (chosen[one]) {
        int before = 0;
        for (int other = 0; other < one; other++) {
          before = chosen[other] ? Math.max(before, shared[one][other]) : before;
        }
        sum += lengths[one] - before;
      }
    }
    return sum;
  }
}
