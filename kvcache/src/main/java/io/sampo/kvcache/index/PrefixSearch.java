package io.sampo.kvcache.index;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.event.Tier;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Asks a {@link PrefixIndex} which holders have the beginning of a chain, and holds the answer
 * until it is asked again. One thread at a time; makes no garbage.
 *
 * <p>The search goes along the chain with the set of those who have all blocks so far, in each
 * tier. A holder whose set is closed has, with a block, all before it; while only such holders are
 * left, the search jumps, each time twice as far (galloping: Bentley and Yao 1976), and where
 * somebody has dropped out in a jump, the jump is halved until it is known after which block. So a
 * chain of n blocks costs a holder about 2 log n looks instead of n, and holders that have the same
 * beginning share them. The first blocks, and all of them while somebody is left who is not closed,
 * are looked at one by one: so a gap ends the count exactly where it is.
 */
public final class PrefixSearch {

  /** So many blocks are looked at one by one in any case: most who drop out do so early. */
  private static final int STEP_BLOCKS = 4;

  private static final int ASK_AHEAD = 4;
  private static final int MAX_LEVELS = Integer.SIZE;
  private static final int MAX_TRIES = 4;

  private final PrefixIndex index;
  private final HolderSlots slots;
  private final HolderBits alive = new HolderBits();
  private final HolderBits present = new HolderBits();
  private final HolderBits[] levels = new HolderBits[MAX_LEVELS];
  private final int[] place = new int[Holding.MAX_SLOTS];
  private final int[] hitSlot = new int[Holding.MAX_SLOTS];
  private final int[] hitHolder = new int[Holding.MAX_SLOTS];
  private final int[] runs = new int[Holding.MAX_SLOTS * Tier.COUNT];
  private int hits;
  private int unknown;
  private int longest;
  private int asked;

  /** Takes what was read ahead, so that the compiler does not leave the reading out. */
  @SuppressWarnings("UnusedVariable")
  private long lines;

  PrefixSearch(PrefixIndex index) {
    this.index = index;
    slots = index.slots();
    for (int i = 0; i < MAX_LEVELS; i++) {
      levels[i] = new HolderBits();
    }
  }

  /** Searches all holders. */
  public int match(long[] hashes) {
    return search(hashes, null);
  }

  /**
   * Searches.
   *
   * @param hashes of a chain, {@link BlockHash#LONGS} longs for each block
   * @param candidates the holders that are of interest
   * @return how many of them have the first block at least; each stands in the answer
   */
  public int match(long[] hashes, BitSet candidates) {
    return search(hashes, candidates);
  }

  /** How many holders stand in the answer. */
  public int count() {
    return hits;
  }

  /** One of the holders in the answer; in no order. */
  public int holder(int hit) {
    return hitHolder[hit];
  }

  /**
   * How many blocks, from the first one on without a gap, it has in this tier or in a faster one.
   */
  public int blocks(int hit, Tier tier) {
    return runs[hit * Tier.COUNT + tier.code()];
  }

  private int search(long[] hashes, @Nullable BitSet candidates) {
    for (int tries = 1; ; tries++) {
      long before = slots.changes();
      hits = 0;
      unknown = 0;
      longest = 0;
      if (hashes.length > 0) {
        begin(hashes, candidates);
        follow(hashes);
        index.keepFresh(hashes, longest);
      }
      if (slots.changes() == before || stillStands() || tries == MAX_TRIES) {
        return hits;
      }
    }
  }

  /** Who has the first block. */
  private void begin(long[] hashes, @Nullable BitSet candidates) {
    asked = 1;
    index.read(PrefixIndex.fingerprint(hashes, 0), alive);
    for (long left = alive.words(); left != 0; left &= left - 1) {
      int word = Long.numberOfTrailingZeros(left);
      for (long bits = alive.any(word); bits != 0; bits &= bits - 1) {
        int slot = word * Long.SIZE + Long.numberOfTrailingZeros(bits);
        int holder = slots.holderOf(slot);
        unknown += holder < 0 ? 1 : 0;
        if (holder < 0 || (candidates != null && !candidates.get(holder))) {
          alive.remove(slot, -1L);
        } else {
          add(slot, holder);
        }
      }
    }
  }

  private void add(int slot, int holder) {
    place[slot] = hits;
    hitSlot[hits] = slot;
    hitHolder[hits] = holder;
    for (int tier = 0; tier < Tier.COUNT; tier++) {
      runs[hits * Tier.COUNT + tier] = 0;
    }
    hits++;
  }

  private void follow(long[] hashes) {
    int blocks = BlockHash.count(hashes);
    int next = 1;
    int step = 1;
    while (next < blocks && !alive.isEmpty()) {
      int to = Math.min(next + step, blocks) - 1;
      if (to >= asked) {
        askAhead(hashes, next, step);
      }
      keepThoseWith(hashes, to, alive, levels[0]);
      settle(hashes, 0, next, to);
      next = to + 1;
      step = next < STEP_BLOCKS || !slots.closed(alive) ? 1 : 2 * step;
    }
    note(alive, next);
  }

  private void keepThoseWith(long[] hashes, int block, HolderBits some, HolderBits missing) {
    index.read(PrefixIndex.fingerprint(hashes, block), present);
    some.splitBy(present, missing);
    present.clear();
  }

  /**
   * Finds where those of a level dropped out, who have all blocks before {@code from} and not the
   * block {@code to}.
   */
  private void settle(long[] hashes, int level, int from, int to) {
    HolderBits some = levels[level];
    int begin = from;
    while (begin < to && !some.isEmpty()) {
      int middle = (begin + to) >>> 1;
      ask(hashes, (begin + middle) >>> 1);
      ask(hashes, (middle + 1 + to) >>> 1);
      keepThoseWith(hashes, middle, some, levels[level + 1]);
      settle(hashes, level + 1, begin, middle);
      begin = middle + 1;
    }
    note(some, begin);
  }

  /** These have so many leading blocks, and no more. */
  private void note(HolderBits some, int blocks) {
    if (some.isEmpty()) {
      return;
    }
    longest = Math.max(longest, blocks);
    for (long left = some.words(); left != 0; left &= left - 1) {
      int word = Long.numberOfTrailingZeros(left);
      for (int tier = 0; tier < Tier.COUNT; tier++) {
        for (long bits = some.word(word, tier); bits != 0; bits &= bits - 1) {
          int slot = word * Long.SIZE + Long.numberOfTrailingZeros(bits);
          runs[place[slot] * Tier.COUNT + tier] = blocks;
        }
      }
    }
    some.clear();
  }

  /**
   * Has the memory of the blocks that will be looked at next fetched, many at a time, while nothing
   * depends on it: the next ones if they are looked at one by one, else all to which jumps lead.
   */
  private void askAhead(long[] hashes, int next, int step) {
    int blocks = BlockHash.count(hashes);
    if (step == 1) {
      asked = Math.min(blocks, next + ASK_AHEAD);
      for (int i = next; i < asked; i++) {
        ask(hashes, i);
      }
      return;
    }
    int jump = step;
    for (int at = next; at < blocks; at += jump, jump *= 2) {
      ask(hashes, Math.min(at + jump, blocks) - 1);
    }
    asked = blocks;
  }

  private void ask(long[] hashes, int block) {
    lines ^= index.table().ask(PrefixIndex.fingerprint(hashes, block));
  }

  /**
   * After holders have changed their slots: whether that concerns nobody here. Takes out whose slot
   * is another one now; a slot that stood for nobody may have been somebody's, too.
   */
  private boolean stillStands() {
    int kept = 0;
    for (int hit = 0; hit < hits; hit++) {
      if (slots.holderOf(hitSlot[hit]) == hitHolder[hit]) {
        move(hit, kept++);
      }
    }
    boolean all = kept == hits && unknown == 0;
    hits = kept;
    return all;
  }

  private void move(int hit, int to) {
    if (hit != to) {
      hitSlot[to] = hitSlot[hit];
      hitHolder[to] = hitHolder[hit];
      System.arraycopy(runs, hit * Tier.COUNT, runs, to * Tier.COUNT, Tier.COUNT);
    }
  }
}
