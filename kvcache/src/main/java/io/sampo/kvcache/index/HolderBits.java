package io.sampo.kvcache.index;

import io.sampo.kvcache.event.Tier;

/**
 * A set of holders' slots for each tier. {@code words} tells which of the 64 words of a row have a
 * bit, so that a few holders among thousands cost only a few words.
 */
final class HolderBits {

  static final int MAX_WORDS = Holding.MAX_SLOTS / Long.SIZE;

  final long[][] rows = new long[Tier.COUNT][MAX_WORDS];
  long words;

  boolean isEmpty() {
    return words == 0;
  }

  void clear() {
    for (long left = words; left != 0; left &= left - 1) {
      int word = Long.numberOfTrailingZeros(left);
      for (long[] row : rows) {
        row[word] = 0;
      }
    }
    words = 0;
  }

  /**
   * Adds a holder.
   *
   * @param tiers of its lane
   */
  void add(int slot, long tiers) {
    int word = slot / Long.SIZE;
    for (int tier = 0; tier < Tier.COUNT; tier++) {
      rows[tier][word] |= ((tiers >>> tier) & 1) << slot;
    }
    words |= 1L << word;
  }

  /** Adds 64 holders at once: a word of each row. */
  void addWord(int word, long device, long host, long disk) {
    if ((device | host | disk) != 0) {
      rows[0][word] |= device;
      rows[1][word] |= host;
      rows[2][word] |= disk;
      words |= 1L << word;
    }
  }

  /** From now on a row says: in this tier or in a faster one. */
  void reachDown() {
    for (long left = words; left != 0; left &= left - 1) {
      int word = Long.numberOfTrailingZeros(left);
      rows[1][word] |= rows[0][word];
      rows[2][word] |= rows[1][word];
    }
  }

  /** Takes out what the other one does not have, and puts it into an empty one. */
  void splitBy(HolderBits other, HolderBits missing) {
    for (long left = words; left != 0; left &= left - 1) {
      int word = Long.numberOfTrailingZeros(left);
      long lost = 0;
      long kept = 0;
      for (int tier = 0; tier < Tier.COUNT; tier++) {
        long mine = rows[tier][word];
        long both = mine & other.rows[tier][word];
        rows[tier][word] = both;
        missing.rows[tier][word] = mine ^ both;
        kept |= both;
        lost |= mine ^ both;
      }
      if (kept == 0) {
        words &= ~(1L << word);
      }
      if (lost != 0) {
        missing.words |= 1L << word;
      }
    }
  }

  /** Keeps of every row only these slots. */
  void retain(long[] slots) {
    for (long left = words; left != 0; left &= left - 1) {
      int word = Long.numberOfTrailingZeros(left);
      long any = 0;
      for (long[] row : rows) {
        row[word] &= slots[word];
        any |= row[word];
      }
      if (any == 0) {
        words &= ~(1L << word);
      }
    }
  }

  /** The slots of a word that are in any row. */
  long any(int word) {
    return rows[0][word] | rows[1][word] | rows[2][word];
  }

  /** How many holders there are. */
  int count() {
    int count = 0;
    for (long left = words; left != 0; left &= left - 1) {
      count += Long.bitCount(any(Long.numberOfTrailingZeros(left)));
    }
    return count;
  }

  /** In which tiers a holder is, as in a lane. */
  long tiers(int slot) {
    long tiers = 0;
    for (int tier = 0; tier < Tier.COUNT; tier++) {
      tiers |= ((rows[tier][slot / Long.SIZE] >>> slot) & 1) << tier;
    }
    return tiers;
  }

  void remove(int slot, long tiers) {
    int word = slot / Long.SIZE;
    for (int tier = 0; tier < Tier.COUNT; tier++) {
      rows[tier][word] &= ~(((tiers >>> tier) & 1) << slot);
    }
    if (any(word) == 0) {
      words &= ~(1L << word);
    }
  }
}
