package io.sampo.kvcache.index;

import io.sampo.kvcache.event.Tier;

/**
 * A set of holders' slots for each tier. {@code words} tells which of the 64 words of a tier have a
 * bit, so that a few holders among thousands cost only a few words.
 */
final class HolderBits {

  static final int MAX_WORDS = Holding.MAX_SLOTS / Long.SIZE;

  private static final int DEVICE = Tier.DEVICE.code();
  private static final int HOST = Tier.HOST.code();
  private static final int DISK = Tier.DISK.code();

  /** The words of all tiers, those of the same slots beside each other. */
  private final long[] bits = new long[Tier.COUNT * MAX_WORDS];

  private long words;

  boolean isEmpty() {
    return words == 0;
  }

  /** A bit for each word that is not empty. */
  long words() {
    return words;
  }

  /** The slots of one word in a tier. */
  long word(int word, int tier) {
    return bits[Tier.COUNT * word + tier];
  }

  /** The slots of one word in any tier. */
  long any(int word) {
    int at = Tier.COUNT * word;
    return bits[at + DEVICE] | bits[at + HOST] | bits[at + DISK];
  }

  void clear() {
    for (long left = words; left != 0; left &= left - 1) {
      int at = Tier.COUNT * Long.numberOfTrailingZeros(left);
      bits[at + DEVICE] = 0;
      bits[at + HOST] = 0;
      bits[at + DISK] = 0;
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
    int at = Tier.COUNT * word;
    bits[at + DEVICE] |= (tiers >>> DEVICE & 1) << slot;
    bits[at + HOST] |= (tiers >>> HOST & 1) << slot;
    bits[at + DISK] |= (tiers >>> DISK & 1) << slot;
    words |= 1L << word;
  }

  /** Adds 64 holders at once: a word of each tier. */
  void addWord(int word, long device, long host, long disk) {
    if ((device | host | disk) != 0) {
      int at = Tier.COUNT * word;
      bits[at + DEVICE] |= device;
      bits[at + HOST] |= host;
      bits[at + DISK] |= disk;
      words |= 1L << word;
    }
  }

  /** From now on a tier says: in this one or in a faster one. */
  void reachDown() {
    for (long left = words; left != 0; left &= left - 1) {
      int at = Tier.COUNT * Long.numberOfTrailingZeros(left);
      bits[at + HOST] |= bits[at + DEVICE];
      bits[at + DISK] |= bits[at + HOST];
    }
  }

  /** Takes out what the other one does not have, and puts it into an empty one. */
  void splitBy(HolderBits other, HolderBits missing) {
    for (long left = words; left != 0; left &= left - 1) {
      int word = Long.numberOfTrailingZeros(left);
      int at = Tier.COUNT * word;
      long lost = 0;
      long kept = 0;
      for (int i = at; i < at + Tier.COUNT; i++) {
        long mine = bits[i];
        long both = mine & other.bits[i];
        bits[i] = both;
        missing.bits[i] = mine ^ both;
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

  /** Keeps only these slots. */
  void retain(long[] slots) {
    for (long left = words; left != 0; left &= left - 1) {
      int word = Long.numberOfTrailingZeros(left);
      for (int i = Tier.COUNT * word; i < Tier.COUNT * (word + 1); i++) {
        bits[i] &= slots[word];
      }
      forgetIfEmpty(word);
    }
  }

  private void forgetIfEmpty(int word) {
    if (any(word) == 0) {
      words &= ~(1L << word);
    }
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
    int at = Tier.COUNT * (slot / Long.SIZE);
    return (bits[at + DEVICE] >>> slot & 1) << DEVICE
        | (bits[at + HOST] >>> slot & 1) << HOST
        | (bits[at + DISK] >>> slot & 1) << DISK;
  }

  /** Takes a holder out of some tiers. */
  void remove(int slot, long tiers) {
    int word = slot / Long.SIZE;
    for (int tier = 0; tier < Tier.COUNT; tier++) {
      bits[Tier.COUNT * word + tier] &= ~((tiers >>> tier & 1) << slot);
    }
    forgetIfEmpty(word);
  }
}
