package io.sampo.kvcache.index;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.event.BlockSnapshot;
import io.sampo.kvcache.event.Tier;
import java.lang.foreign.Arena;
import java.time.Duration;

/**
 * Who holds which block in which tier. For a chain of blocks and many holders it tells how many
 * leading blocks each holder has.
 *
 * <p>One writer at a time changes it: everything here but {@link #search} and {@link #stats} is for
 * the writer. Any number of threads read it, each through a {@link PrefixSearch} of its own,
 * without locks and without garbage. All that grows with the blocks lies outside the Java heap.
 *
 * <p><b>What is stored.</b> A {@link BlockTable} maps the first 64 bits of a block's hash to the
 * block's holders ({@link HolderSets}). Two blocks in one cluster with equal 64 bits would be taken
 * for one another; so would two that somebody made to collide. That misroutes a request and no
 * more: whoever uses a block compares its whole hash.
 *
 * <p><b>Forgetting.</b> A holder stands in the table as a number of 12 bits, its slot. To forget
 * all of its blocks, its slot is withdrawn, in one step; what the table still says of that slot is
 * passed over by readers and taken out by a sweep, a few buckets with each change. A snapshot fills
 * a second slot while the first one answers, and takes its place at once. A block in which nobody
 * had an interest for the time to live, that is which nobody stored or asked for, is forgotten;
 * when the table is full, the one of a new block's neighbours that was of interest longest ago is.
 *
 * <p><b>What an answer is worth.</b> The index believes the events. As long as it has room, and a
 * holder tells truly whether it is closed (see {@link io.sampo.kvcache.event.BlockStored}), an
 * answer is what the holder had when its last event was applied; a block missing in the middle ends
 * the count. Of a holder that wrongly calls itself closed the count may run over a gap. Forgetting
 * makes answers smaller, never larger, but for such blocks as a jump passes over, which the holder
 * does have. While the writer works, each block's answer is true of some moment during the search.
 */
public final class PrefixIndex implements AutoCloseable {

  /**
   * The most holders there can be. Each change of all blocks of a holder takes a second slot for a
   * while.
   */
  public static final int MAX_HOLDERS = Holding.MAX_SLOTS / 2;

  private static final int TTL_TICKS = 256;
  private static final int NEVER = Integer.MAX_VALUE;
  private static final long SET_BYTES_PER_BLOCK = 8;
  private static final long MIN_SET_BYTES = 16 << 20;
  private static final int BUCKETS_PER_CHANGE = 4;
  private static final long MAX_BUCKETS_AT_ONCE = 1 << 14;

  /** A sweep that looks for old blocks goes once around in so many ticks. */
  private static final int SWEEP_TICKS = TTL_TICKS / 4;

  /**
   * An interest in a block is noted anew only after so many ticks, so that readers seldom write.
   */
  private static final int FRESH_TICKS = TTL_TICKS / 16;

  private final Arena arena = Arena.ofShared();
  private final BlockTable table;
  private final HolderSets sets;
  private final HolderSlots slots;
  private final int maxHolders;
  private final long tickNanos;
  private final int ttlTicks;
  private volatile int tick;
  private volatile IndexStats stats = new IndexStats(0, 0, 0, 0, 0, 0, 0);
  private long swept;
  private long sweptOnTime;
  private long blocks;
  private long evicted;
  private long expired;

  /**
   * An empty index. It takes its memory for the blocks at once.
   *
   * @param maxBlocks how many blocks it is for; 20 bytes each. Blocks with more than three holders
   *     take more when they come, at most 8 bytes for each of {@code maxBlocks}, or 16 MiB
   * @param maxHolders at most {@link #MAX_HOLDERS}
   * @param timeToLive how long a block is remembered that nobody stores or asks for; zero for ever
   */
  public PrefixIndex(long maxBlocks, int maxHolders, Duration timeToLive) {
    this(
        maxBlocks,
        maxHolders,
        timeToLive,
        Math.max(MIN_SET_BYTES, maxBlocks * SET_BYTES_PER_BLOCK));
  }

  PrefixIndex(long maxBlocks, int maxHolders, Duration timeToLive, long maxSetBytes) {
    if (maxBlocks < 1 || maxHolders < 1 || maxHolders > MAX_HOLDERS || timeToLive.isNegative()) {
      throw new IllegalArgumentException(
          "an index needs room for a block and 1 to %d holders, and a time to live: %d, %d, %s"
              .formatted(MAX_HOLDERS, maxBlocks, maxHolders, timeToLive));
    }
    this.maxHolders = maxHolders;
    ttlTicks = timeToLive.isZero() ? NEVER : TTL_TICKS;
    tickNanos =
        timeToLive.isZero()
            ? Duration.ofMinutes(1).toNanos()
            : Math.max(1, timeToLive.toNanos() / TTL_TICKS);
    int maxSlots = Math.ceilDiv(2 * maxHolders, Long.SIZE) * Long.SIZE;
    slots = new HolderSlots(maxHolders, maxSlots);
    sets = new HolderSets(arena, maxSlots, maxSetBytes);
    table = new BlockTable(arena, maxBlocks, this::cleaned);
  }

  /**
   * A new holder, which has nothing yet.
   *
   * @return its number, to be used for it until it is removed
   * @throws IllegalStateException when there are as many as there may be
   */
  public int addHolder() {
    int holder = slots.freeHolder();
    if (holder < 0) {
      throw new IllegalStateException("the index has its %d holders".formatted(maxHolders));
    }
    slots.give(holder, newSlot(holder), swept);
    return holder;
  }

  /** Forgets a holder and all that it has. Its number may be given to another one. */
  public void removeHolder(int holder) {
    slotOf(holder);
    slots.remove(holder, swept);
  }

  /** Forgets all that a holder has. */
  public void clear(int holder) {
    slotOf(holder);
    slots.give(holder, newSlot(holder), swept);
  }

  /** A holder has blocks in a tier; see {@link io.sampo.kvcache.event.BlockStored}. */
  public void stored(int holder, Tier tier, long[] hashes, boolean closed) {
    int slot = slotOf(holder);
    if (!closed) {
      slots.setClosed(slot, false);
    }
    store(slot, tier, hashes);
    slots.setClosed(slot, closed);
  }

  /** A holder has lost blocks of a tier; see {@link io.sampo.kvcache.event.BlockRemoved}. */
  public void removed(int holder, Tier tier, long[] hashes, boolean closed) {
    int slot = slotOf(holder);
    if (!closed) {
      slots.setClosed(slot, false);
    }
    for (int i = 0; i < BlockHash.count(hashes); i++) {
      remove(fingerprint(hashes, i), slot, tier);
    }
    slots.setClosed(slot, closed);
  }

  /** This is all that a holder has. Until it is noted, readers see what was known before. */
  public void replace(int holder, BlockSnapshot snapshot) {
    slotOf(holder);
    int slot = newSlot(holder);
    snapshot.hashes().forEach((tier, hashes) -> store(slot, tier, hashes));
    slots.setClosed(slot, snapshot.closed());
    slots.give(holder, slot, swept);
  }

  /**
   * Lets time pass: forgets a part of what is too old, and publishes new {@link #stats}. To be
   * called some times a second.
   *
   * @param nanos since some moment before the first call, never less than the last time
   */
  public void advance(long nanos) {
    long ticks = nanos / tickNanos;
    tick = (int) ticks;
    long due = (long) ((double) table.buckets() * ticks / SWEEP_TICKS);
    long count = Math.min(due - sweptOnTime, MAX_BUCKETS_AT_ONCE);
    if (ttlTicks != NEVER && count > 0) {
      sweep(count);
    }
    sweptOnTime = due;
    stats =
        new IndexStats(
            blocks, sets.entries(), slots.count(), evicted, expired, sets.refused(), bytes());
  }

  /** Where the index stood at the last {@link #advance}. For any thread. */
  public IndexStats stats() {
    return stats;
  }

  /** A way to ask, for one thread at a time. */
  public PrefixSearch search() {
    return new PrefixSearch(this);
  }

  /** Gives the memory back. Whoever still searches gets an {@link IllegalStateException}. */
  @Override
  public void close() {
    arena.close();
  }

  private long bytes() {
    return table.bytes() + sets.bytes();
  }

  private int slotOf(int holder) {
    int slot = slots.slotOf(holder);
    if (slot < 0) {
      throw new IllegalArgumentException("no holder has the number " + holder);
    }
    return slot;
  }

  private int newSlot(int holder) {
    int slot = slots.take(holder, swept, table.buckets());
    if (slot < 0) {
      sweep(table.buckets());
      slot = slots.take(holder, swept, table.buckets());
    }
    return slot;
  }

  private void store(int slot, Tier tier, long[] hashes) {
    for (int i = 0; i < BlockHash.count(hashes); i++) {
      store(fingerprint(hashes, i), slot, tier);
      sweepAfterChange();
    }
  }

  private void store(long fingerprint, int slot, Tier tier) {
    long node = table.find(fingerprint);
    if (node != BlockTable.NOT_FOUND && table.clean(node)) {
      table.set(node, Holding.stamped(sets.with(table.holding(node), slot, tier), tick));
      return;
    }
    node = table.room(fingerprint);
    if (node == BlockTable.NOT_FOUND) {
      node = table.oldest(fingerprint, tick);
      evict(node);
    }
    table.put(node, fingerprint, Holding.stamped(sets.with(0, slot, tier), tick));
    blocks++;
  }

  private void evict(long node) {
    long holding = table.holding(node);
    table.erase(node);
    sets.forget(holding);
    blocks--;
    evicted++;
  }

  private void remove(long fingerprint, int slot, Tier tier) {
    sweepAfterChange();
    long node = table.find(fingerprint);
    if (node == BlockTable.NOT_FOUND) {
      return;
    }
    long holding = table.holding(node);
    long left = sets.without(holding, slot, tier);
    if (left == 0) {
      table.erase(node);
      blocks--;
    } else {
      table.set(node, left | Holding.stamp(holding));
    }
  }

  private void sweepAfterChange() {
    if (slots.sweeping()) {
      sweep(BUCKETS_PER_CHANGE);
    }
  }

  private void sweep(long count) {
    for (long i = 0; i < count; i++) {
      table.cleanBucket(swept % table.buckets());
      swept++;
    }
  }

  /** What is left of a holding whose holders may be gone and which may be too old. */
  private long cleaned(long holding) {
    boolean old = isExpired(holding);
    if (old) {
      sets.forget(holding);
      expired++;
    }
    long left = old ? 0 : sets.cleaned(holding, slots.live());
    if (left == 0) {
      blocks--;
      return 0;
    }
    return left | Holding.stamp(holding);
  }

  private boolean isExpired(long holding) {
    return Holding.age(holding, tick) > ttlTicks;
  }

  /** The name of a block here. 0 is no name. */
  static long fingerprint(long[] hashes, int block) {
    long bits = hashes[BlockHash.LONGS * block];
    return bits == 0 ? 1 : bits;
  }

  HolderSlots slots() {
    return slots;
  }

  BlockTable table() {
    return table;
  }

  /**
   * For readers: who holds a block, each in a tier or a faster one.
   *
   * @param into is empty
   */
  void read(long fingerprint, HolderBits into) {
    long holding = table.read(fingerprint);
    while (holding != 0 && !isExpired(holding)) {
      sets.read(holding, into);
      if (isUnchanged(fingerprint, holding)) {
        into.reachDown();
        return;
      }
      into.clear();
      holding = table.read(fingerprint);
    }
  }

  /** A set that was read is what it was taken for if the holding still is. */
  private boolean isUnchanged(long fingerprint, long holding) {
    return !Holding.isSpilled(holding)
        || Holding.holders(table.read(fingerprint)) == Holding.holders(holding);
  }

  /**
   * For readers: somebody had an interest in these blocks. The last one tells whether that has to
   * be noted: whoever asked for it lately asked for all before it.
   */
  void keepFresh(long[] hashes, int blocks) {
    int now = tick;
    for (int block = blocks - 1; block >= 0; block--) {
      long fingerprint = fingerprint(hashes, block);
      long holding = table.read(fingerprint);
      if (holding != 0 && Holding.age(holding, now) >= FRESH_TICKS) {
        table.restamp(fingerprint, holding, now);
      } else if (block == blocks - 1) {
        return;
      }
    }
  }
}
