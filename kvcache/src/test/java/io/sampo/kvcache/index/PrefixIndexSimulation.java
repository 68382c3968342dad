package io.sampo.kvcache.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.event.BlockEvent;
import io.sampo.kvcache.event.BlockSnapshot;
import io.sampo.kvcache.event.EventStream;
import io.sampo.kvcache.event.Tier;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The index beside a naive map, over a million blocks stored and a million removed: holders that
 * come and go and restart, store beginnings, lose ends and sometimes blocks in the middle, and
 * events that are lost.
 */
class PrefixIndexSimulation {

  private static final int HOLDERS = 140;
  private static final int TREES = 12;
  private static final int BLOCKS = 6000;
  private static final int NONE = -1;

  private final int[] parents = new int[BLOCKS];
  private final int[] depths = new int[BLOCKS];
  private final int[][] children = new int[BLOCKS][];
  private final long[] hashes = new long[BlockHash.LONGS * BLOCKS];

  private long stored;
  private long removed;

  @Test
  void saysWhatANaiveMapSays() {
    for (int seed = 1; seed <= 3; seed++) {
      run(seed, 200_000);
    }
    assertThat(Math.min(stored, removed)).isGreaterThan(1_000_000);
  }

  private void run(int seed, int operations) {
    Random random = new Random(seed);
    plant(random);
    try (PrefixIndex index = new PrefixIndex(BLOCKS, HOLDERS, Duration.ZERO)) {
      Holder[] holders = new Holder[HOLDERS];
      Arrays.setAll(holders, _ -> new Holder(index, random));
      PrefixSearch search = index.search();
      for (int i = 0; i < operations; i++) {
        if (random.nextInt(8) == 0) {
          compare(search, holders, random, "seed %d, operation %d".formatted(seed, i));
        } else {
          // Few are busy, so that there are holders with much, and blocks with few holders.
          int most = random.nextBoolean() ? HOLDERS : 6;
          int one = random.nextInt(most);
          if (holders[one].live(random.nextInt(10_000))) {
            holders[one] = new Holder(index, random);
          }
        }
      }
      index.advance(0);
      long entries = Arrays.stream(holders).mapToLong(Holder::blocks).sum();
      assertThat(index.stats().evicted() + index.stats().refused()).isZero();
      assertThat(index.stats().entries()).isGreaterThanOrEqualTo(entries);
    }
  }

  /** Trees of blocks: long trunks, branches anywhere. */
  private void plant(Random random) {
    Arrays.setAll(hashes, _ -> random.nextLong());
    Arrays.fill(children, new int[0]);
    for (int block = 0; block < BLOCKS; block++) {
      boolean root = block < TREES;
      parents[block] = root ? NONE : random.nextInt(30) > 0 ? block - TREES : random.nextInt(block);
      depths[block] = root ? 1 : depths[parents[block]] + 1;
      if (!root) {
        int[] siblings = children[parents[block]];
        siblings = Arrays.copyOf(siblings, siblings.length + 1);
        siblings[siblings.length - 1] = block;
        children[parents[block]] = siblings;
      }
    }
  }

  private int[] path(int block) {
    int[] path = new int[depths[block]];
    int at = block;
    for (int i = path.length - 1; i >= 0; i--) {
      path[i] = at;
      at = parents[at];
    }
    return path;
  }

  private long[] hashes(int[] blocks) {
    long[] some = new long[BlockHash.LONGS * blocks.length];
    for (int i = 0; i < blocks.length; i++) {
      System.arraycopy(hashes, 2 * blocks[i], some, 2 * i, BlockHash.LONGS);
    }
    return some;
  }

  private void compare(PrefixSearch search, Holder[] holders, Random random, String what) {
    int[] path = path(random.nextInt(BLOCKS));
    BitSet candidates = new BitSet();
    for (Holder holder : holders) {
      candidates.set(holder.number(), random.nextInt(8) > 0);
    }
    search.match(hashes(path), candidates);
    int[][] answer = new int[HOLDERS][];
    for (int hit = 0; hit < search.count(); hit++) {
      int[] runs = new int[Tier.COUNT];
      for (int tier = 0; tier < Tier.COUNT; tier++) {
        runs[tier] = search.blocks(hit, Tier.at(tier));
      }
      answer[search.holder(hit)] = runs;
    }
    int listedHolders = 0;
    for (Holder holder : holders) {
      int[] expected = holder.runs(path);
      boolean listed = candidates.get(holder.number()) && expected[Tier.COUNT - 1] > 0;
      int[] runs = answer[holder.number()];
      listedHolders += listed ? 1 : 0;
      if (!listed ? runs != null : !Arrays.equals(runs, expected)) {
        throw new AssertionError(
            "%s: holder %d, expected %s, found %s"
                .formatted(
                    what, holder.number(), Arrays.toString(expected), Arrays.toString(runs)));
      }
    }
    if (search.count() != listedHolders) {
      throw new AssertionError(what + ": a holder stands in the answer twice");
    }
  }

  /**
   * A holder, what it truly has, and the road of its events to the index, on which some are lost.
   */
  private final class Holder {
    private final Random random;
    private final HolderFeed feed;
    private final byte[] tiers = new byte[BLOCKS];
    private EventStream stream = new EventStream(0);
    private long epoch;
    private boolean closed = true;

    Holder(PrefixIndex index, Random random) {
      this.random = random;
      feed = new HolderFeed(index, 4);
    }

    int number() {
      return feed.holder();
    }

    /** Does something. True when it is gone after that. */
    boolean live(int what) {
      Tier tier = Tier.at(random.nextInt(Tier.COUNT));
      int block = random.nextInt(BLOCKS);
      if (what < 2) {
        feed.withdraw();
        return true;
      } else if (what < 20) {
        clear(what < 10);
      } else if (what < 30) {
        feed.take(snapshot());
      } else if (what < 40) {
        storeInTheMiddle(block, tier);
      } else if (what < 50) {
        removeInTheMiddle(block, tier);
      } else if (what < 5500) {
        store(path(block), tier);
      } else {
        removeEnd(block, tier);
      }
      return false;
    }

    private void clear(boolean restart) {
      Arrays.fill(tiers, (byte) 0);
      closed = true;
      if (restart) {
        stream = new EventStream(++epoch);
      }
      send(stream.cleared());
    }

    private void store(int[] path, Tier tier) {
      int known = 0;
      while (known < path.length && level(tiers[path[known]]) <= tier.code()) {
        known++;
      }
      int to = Math.min(path.length, known + 1 + random.nextInt(60));
      if (known < to) {
        store(Arrays.copyOfRange(path, known, to), tier, true);
      }
    }

    private void storeInTheMiddle(int block, Tier tier) {
      int parent = parents[block];
      store(new int[] {block}, tier, parent == NONE || level(tiers[parent]) <= tier.code());
    }

    private void store(int[] blocks, Tier tier, boolean joins) {
      for (int block : blocks) {
        tiers[block] |= (byte) (1 << tier.code());
      }
      stored += blocks.length;
      closed &= joins;
      send(stream.stored(tier, hashes(blocks), closed));
    }

    /** Of a path, what has nothing behind it in this tier, from the end. */
    private void removeEnd(int leaf, Tier tier) {
      int[] path = path(leaf);
      int most = 1 + random.nextInt(80);
      int[] gone = new int[most];
      int count = 0;
      for (int i = path.length - 1; i >= 0 && count < most; i--) {
        if (has(path[i], tier)) {
          if (opensGap(path[i], tier)) {
            break;
          }
          gone[count++] = path[i];
          tiers[path[i]] &= (byte) ~(1 << tier.code());
        }
      }
      sendRemoved(Arrays.copyOf(gone, count), tier);
    }

    private void removeInTheMiddle(int block, Tier tier) {
      if (has(block, tier)) {
        closed &= !opensGap(block, tier);
        tiers[block] &= (byte) ~(1 << tier.code());
        sendRemoved(new int[] {block}, tier);
      }
    }

    private void sendRemoved(int[] blocks, Tier tier) {
      removed += blocks.length;
      if (blocks.length > 0) {
        send(stream.removed(tier, hashes(blocks), closed));
      }
    }

    private boolean has(int block, Tier tier) {
      return (tiers[block] & 1 << tier.code()) != 0;
    }

    /**
     * Whether something behind the block would be in a faster tier than the block without this one.
     */
    private boolean opensGap(int block, Tier tier) {
      int level = level(tiers[block] & ~(1 << tier.code()));
      return IntStream.of(children[block]).anyMatch(child -> level(tiers[child]) < level);
    }

    /** The fastest of some tiers; 3 for none. */
    private static int level(int tiers) {
      return tiers == 0 ? Tier.COUNT : Integer.numberOfTrailingZeros(tiers);
    }

    private void send(BlockEvent event) {
      boolean lost = random.nextInt(500) == 0;
      boolean ask = !lost && feed.take(event);
      if (lost || ask || feed.waiting()) {
        // Nobody looks before the snapshot has come: what is missing meanwhile is known to be.
        while (feed.take(snapshot())) {}
      }
    }

    private BlockSnapshot snapshot() {
      Map<Tier, long[]> all = new EnumMap<>(Tier.class);
      for (Tier tier : Tier.values()) {
        int bit = 1 << tier.code();
        all.put(
            tier, hashes(IntStream.range(0, BLOCKS).filter(b -> (tiers[b] & bit) != 0).toArray()));
      }
      return stream.snapshot(all, closed);
    }

    long blocks() {
      return IntStream.range(0, BLOCKS).filter(b -> tiers[b] != 0).count();
    }

    int[] runs(int[] path) {
      int[] runs = new int[Tier.COUNT];
      for (int tier = 0; tier < Tier.COUNT; tier++) {
        while (runs[tier] < path.length && level(tiers[path[runs[tier]]]) <= tier) {
          runs[tier]++;
        }
      }
      return runs;
    }
  }
}
