package io.sampo.kvcache.index;

import io.sampo.kvcache.event.Tier;
import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * Who holds a block: changed by the one writer, read by anybody. Up to three holders stand in the
 * {@link Holding} itself; more are in a set outside the Java heap: a list of 8 to 128 lanes, or
 * above that three bitmaps over all slots, one for each tier.
 *
 * <p>Bitmaps change in place, word by word. Lists do not change: a new one takes the place of the
 * old one, whose memory is used again. A reader therefore looks at the holding again after it has
 * read a set, and the writer publishes each holding that it gets from here before it asks for the
 * next.
 */
final class HolderSets {

  private static final int LANES = Long.SIZE / Holding.LANE_BITS;

  /** The words of each kind of list. The kind after them is the bitmaps. */
  private static final int[] LIST_WORDS = {2, 4, 8, 16, 32};

  private static final int BITMAPS = LIST_WORDS.length;

  /** Bitmaps become a list when so few holders are left. */
  private static final int FEW = 64;

  private final SetMemory memory;
  private final int rowWords;
  private final HolderBits scratch = new HolderBits();
  private long replaced = SetMemory.NONE;
  private long entries;
  private long refused;

  /**
   * @param slots a multiple of 64
   * @param maxBytes how large all sets may become; holders beyond that are not noted
   */
  HolderSets(Arena arena, int slots, long maxBytes) {
    rowWords = slots / Long.SIZE;
    int[] words = Arrays.copyOf(LIST_WORDS, BITMAPS + 1);
    words[BITMAPS] = Math.ceilDiv(Tier.COUNT * rowWords, 2) * 2;
    memory = new SetMemory(arena, maxBytes, words);
  }

  long bytes() {
    return memory.bytes();
  }

  /** Pairs of a block and a holder. */
  long entries() {
    return entries;
  }

  /** Holders that were not noted because the sets may not become larger. */
  long refused() {
    return refused;
  }

  /** Reads the holders of a block; of use only if the holding is the same afterwards. */
  void read(long holding, HolderBits into) {
    if (!Holding.isSpilled(holding)) {
      readLanes(holding, Holding.INLINE_LANES, into);
      return;
    }
    long set = Holding.set(holding);
    if (SetMemory.kind(set) == BITMAPS) {
      for (int i = 0; i < rowWords; i++) {
        into.addWord(i, word(set, 0, i), word(set, 1, i), word(set, 2, i));
      }
    } else {
      for (int i = 0; i < memory.words(set); i++) {
        readLanes(memory.word(set, i), LANES, into);
      }
    }
  }

  private static void readLanes(long word, int lanes, HolderBits into) {
    for (int i = 0; i < lanes; i++) {
      long lane = Holding.laneAt(word, i);
      if (Holding.tiers(lane) != 0) {
        into.add(Holding.slot(lane), Holding.tiers(lane));
      }
    }
  }

  private long word(long bitmaps, int row, int index) {
    return memory.word(bitmaps, row * rowWords + index);
  }

  /** The holders with one more, or the same ones when there is no memory for it. */
  long with(long holding, int slot, Tier tier) {
    load(holding);
    long tiers = scratch.tiers(slot);
    long more = tiers | (1L << tier.code());
    if (more == tiers) {
      return Holding.holders(holding);
    }
    scratch.add(slot, more);
    long word = changed(holding, slot, tier);
    if (word == SetMemory.NONE) {
      refused++;
      return Holding.holders(holding);
    }
    entries += tiers == 0 ? 1 : 0;
    return word;
  }

  /** The holders without one in this tier. 0 when nobody is left, or no memory to write it down. */
  long without(long holding, int slot, Tier tier) {
    load(holding);
    long tiers = scratch.tiers(slot);
    long bit = 1L << tier.code();
    if ((tiers & bit) == 0) {
      return Holding.holders(holding);
    }
    scratch.remove(slot, bit);
    long word = changed(holding, slot, tier);
    return word == SetMemory.NONE ? lost(holding) : counted(word, tiers == bit ? 1 : 0);
  }

  /** The holders without those whose slot is not in use any more; 0 as above. */
  long cleaned(long holding, long[] live) {
    if (!Holding.isSpilled(holding) && allLive(holding, live)) {
      return Holding.holders(holding);
    }
    load(holding);
    int before = scratch.count();
    scratch.retain(live);
    int gone = before - scratch.count();
    if (gone == 0) {
      return Holding.holders(holding);
    }
    long word = write(holding);
    return word == SetMemory.NONE ? lost(holding) : counted(word, gone);
  }

  private static boolean allLive(long holding, long[] live) {
    for (int i = 0; i < Holding.INLINE_LANES; i++) {
      long lane = Holding.laneAt(holding, i);
      int slot = Holding.slot(lane);
      if (lane != 0 && (live[slot / Long.SIZE] >>> slot & 1) == 0) {
        return false;
      }
    }
    return true;
  }

  private long counted(long word, int gone) {
    entries -= gone;
    return word;
  }

  private long lost(long holding) {
    forget(holding);
    return 0;
  }

  /** A block is forgotten: the memory of its holders can be used again. */
  void forget(long holding) {
    load(holding);
    entries -= scratch.count();
    if (Holding.isSpilled(holding)) {
      replaced = Holding.set(holding);
    }
  }

  private void load(long holding) {
    if (replaced != SetMemory.NONE) {
      memory.release(replaced);
      replaced = SetMemory.NONE;
    }
    scratch.clear();
    read(holding, scratch);
  }

  /** Writes down what has become of the holders, of which one changed. */
  private long changed(long holding, int slot, Tier tier) {
    if (!isBitmaps(holding) || scratch.count() <= FEW) {
      return write(holding);
    }
    int row = tier.code();
    int index = slot / Long.SIZE;
    memory.setWord(Holding.set(holding), row * rowWords + index, scratch.word(index, row));
    return Holding.holders(holding);
  }

  private static boolean isBitmaps(long holding) {
    return Holding.isSpilled(holding) && SetMemory.kind(Holding.set(holding)) == BITMAPS;
  }

  /** Writes the holders where they fit best: into the holding itself, a list, or bitmaps. */
  private long write(long holding) {
    int count = scratch.count();
    long word = count <= Holding.INLINE_LANES ? lanes(SetMemory.NONE) : inSet(count);
    if (word != SetMemory.NONE && Holding.isSpilled(holding)) {
      replaced = Holding.set(holding);
    }
    return word;
  }

  private long inSet(int count) {
    int kind = 0;
    while (kind < BITMAPS && count > LANES * LIST_WORDS[kind]) {
      kind++;
    }
    long set = memory.allocate(kind);
    if (set == SetMemory.NONE) {
      return SetMemory.NONE;
    }
    return kind == BITMAPS ? bitmaps(set) : lanes(set);
  }

  private long bitmaps(long set) {
    for (int row = 0; row < Tier.COUNT; row++) {
      for (int i = 0; i < rowWords; i++) {
        memory.setWord(set, row * rowWords + i, scratch.word(i, row));
      }
    }
    return Holding.spilled(set);
  }

  /** Writes lanes into a list, or, without a list, into the holding. */
  private long lanes(long list) {
    long word = 0;
    int lanes = 0;
    for (long left = scratch.words(); left != 0; left &= left - 1) {
      int at = Long.numberOfTrailingZeros(left);
      for (long bits = scratch.any(at); bits != 0; bits &= bits - 1) {
        int slot = at * Long.SIZE + Long.numberOfTrailingZeros(bits);
        word |= Holding.lane(slot, scratch.tiers(slot)) << (lanes % LANES * Holding.LANE_BITS);
        lanes++;
        if (lanes % LANES == 0) {
          memory.setWord(list, lanes / LANES - 1, word);
          word = 0;
        }
      }
    }
    if (list == SetMemory.NONE) {
      return word;
    }
    for (int i = lanes / LANES; i < memory.words(list); i++) {
      memory.setWord(list, i, word);
      word = 0;
    }
    return Holding.spilled(list);
  }
}
