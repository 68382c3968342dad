package io.sampo.kvcache.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.event.BlockSnapshot;
import io.sampo.kvcache.event.Tier;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PrefixIndexTest {

  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final Random random = new Random(5);
  private final PrefixIndex index = new PrefixIndex(100_000, 1000, Duration.ZERO);
  private final PrefixSearch search = index.search();

  @AfterEach
  void close() {
    index.close();
  }

  @Test
  void countsLeadingBlocksInEachTierOrAFasterOne() {
    long[] chain = chain(100);
    int holder = index.addHolder();
    index.stored(holder, Tier.DISK, blocks(chain, 0, 90), true);
    index.stored(holder, Tier.HOST, blocks(chain, 0, 40), true);
    index.stored(holder, Tier.DEVICE, blocks(chain, 0, 3), true);

    assertThat(search.match(chain)).isEqualTo(1);
    assertThat(search.holder(0)).isEqualTo(holder);
    assertThat(search.blocks(0, Tier.DEVICE)).isEqualTo(3);
    assertThat(search.blocks(0, Tier.HOST)).isEqualTo(40);
    assertThat(search.blocks(0, Tier.DISK)).isEqualTo(90);
  }

  @Test
  void addsUpTiersThatFollowEachOther() {
    long[] chain = chain(64);
    int holder = index.addHolder();
    index.stored(holder, Tier.HOST, blocks(chain, 20, 64), false);
    index.stored(holder, Tier.DEVICE, blocks(chain, 0, 20), true);
    assertThat(run(holder, chain, Tier.DEVICE)).isEqualTo(20);
    assertThat(run(holder, chain, Tier.HOST)).isEqualTo(64);
  }

  @Test
  void endsTheCountAtABlockThatIsMissingInTheMiddle() {
    long[] chain = chain(1000);
    int holder = index.addHolder();
    index.stored(holder, Tier.HOST, chain, true);
    for (int missing = 999; missing >= 3; missing -= 83) {
      index.removed(holder, Tier.HOST, blocks(chain, missing, missing + 1), false);
      assertThat(run(holder, chain, Tier.HOST)).isEqualTo(missing);
    }
    index.stored(holder, Tier.HOST, chain, true);
    assertThat(run(holder, chain, Tier.HOST)).isEqualTo(1000);
  }

  @Test
  void mayJumpOverAGapOfAHolderThatWronglyCallsItselfClosed() {
    long[] chain = chain(1000);
    int holder = index.addHolder();
    index.stored(holder, Tier.HOST, chain, true);
    index.removed(holder, Tier.HOST, blocks(chain, 300, 301), true);
    index.removed(holder, Tier.HOST, blocks(chain, 3, 4), true);
    // The first blocks are looked at one by one whatever a holder says.
    assertThat(run(holder, chain, Tier.HOST)).isEqualTo(3);
    index.stored(holder, Tier.HOST, blocks(chain, 3, 4), true);
    assertThat(run(holder, chain, Tier.HOST)).isBetween(300, 1000);
  }

  @Test
  void answersForAThousandHoldersOfOneBeginning() {
    long[] chain = chain(4096);
    for (int holder = 0; holder < 1000; holder++) {
      assertThat(index.addHolder()).isEqualTo(holder);
      index.stored(holder, Tier.at(holder % 3), blocks(chain, 0, 1 + 4 * holder), true);
    }
    assertThat(search.match(chain)).isEqualTo(1000);
    for (int hit = 0; hit < 1000; hit++) {
      int holder = search.holder(hit);
      for (Tier tier : Tier.values()) {
        int expected = tier.code() >= holder % 3 ? 1 + 4 * holder : 0;
        assertThat(search.blocks(hit, tier)).isEqualTo(expected);
      }
    }
    for (int holder = 0; holder < 1000; holder++) {
      index.removed(holder, Tier.at(holder % 3), blocks(chain, 0, 1 + 4 * holder), true);
    }
    index.advance(0);
    assertThat(index.stats().entries()).isZero();
    assertThat(index.stats().blocks()).isZero();
  }

  @Test
  void answersForCandidatesOnly() {
    long[] chain = chain(8);
    for (int i = 0; i < 10; i++) {
      index.stored(index.addHolder(), Tier.HOST, chain, true);
    }
    BitSet candidates = new BitSet();
    candidates.set(3);
    candidates.set(700);
    assertThat(search.match(chain, candidates)).isEqualTo(1);
    assertThat(search.holder(0)).isEqualTo(3);
    assertThat(search.match(new long[0])).isZero();
  }

  @Test
  void forgetsAllOfAHolderInOneStep() {
    long[] chain = chain(200);
    int first = index.addHolder();
    int second = index.addHolder();
    index.stored(first, Tier.HOST, chain, true);
    index.stored(second, Tier.DISK, chain, true);

    index.clear(first);
    assertThat(run(first, chain, Tier.DISK)).isZero();
    index.removeHolder(second);
    assertThat(search.match(chain)).isZero();
    assertThat(index.addHolder()).isEqualTo(second);
    assertThat(search.match(chain)).isZero();
    assertThatThrownBy(() -> index.removeHolder(17)).hasMessageContaining("no holder");
  }

  @Test
  void usesTheNumbersOfLostHoldersAgainWithoutMixingThemUp() {
    long[] chain = chain(50);
    for (int round = 0; round < 5000; round++) {
      int holder = index.addHolder();
      assertThat(search.match(chain)).isZero();
      index.stored(holder, Tier.HOST, blocks(chain, 0, 1 + round % 50), true);
      assertThat(run(holder, chain, Tier.HOST)).isEqualTo(1 + round % 50);
      index.removeHolder(holder);
    }
  }

  @Test
  void replacesWhatItKnewByASnapshot() {
    long[] old = chain(60);
    long[] present = chain(60);
    int holder = index.addHolder();
    index.stored(holder, Tier.HOST, old, true);
    index.replace(
        holder,
        new BlockSnapshot(
            0, 9, true, Map.of(Tier.DISK, present, Tier.HOST, blocks(present, 0, 7))));
    assertThat(run(holder, old, Tier.DISK)).isZero();
    assertThat(run(holder, present, Tier.HOST)).isEqualTo(7);
    assertThat(run(holder, present, Tier.DISK)).isEqualTo(60);
  }

  @Test
  void forgetsBlocksOfNoInterest() {
    try (PrefixIndex forgetful = new PrefixIndex(1000, 4, Duration.ofSeconds(256))) {
      long[] asked = chain(100);
      long[] stored = chain(100);
      long[] neither = chain(100);
      int holder = forgetful.addHolder();
      PrefixSearch reader = forgetful.search();
      for (long[] chain : new long[][] {asked, stored, neither}) {
        forgetful.stored(holder, Tier.HOST, chain, true);
      }
      for (int second = 0; second <= 2000; second += 100) {
        forgetful.advance(second * SECOND);
        forgetful.stored(holder, Tier.HOST, stored, true);
        reader.match(asked);
        assertThat(reader.blocks(0, Tier.HOST)).isEqualTo(100);
      }
      assertThat(reader.match(stored)).isEqualTo(1);
      assertThat(reader.match(neither)).isZero();
      assertThat(forgetful.stats().expired()).isEqualTo(100);
      assertThat(forgetful.stats().blocks()).isEqualTo(200);
    }
  }

  @Test
  void keepsToItsMemoryAndForgetsTheOldestFirst() {
    try (PrefixIndex small = new PrefixIndex(10_000, 8, Duration.ofSeconds(25_600))) {
      int holder = small.addHolder();
      PrefixSearch reader = small.search();
      long[][] chains = new long[1000][];
      for (int i = 0; i < chains.length; i++) {
        small.advance(10L * i * SECOND);
        chains[i] = chain(100);
        small.stored(holder, Tier.HOST, chains[i], true);
      }
      small.advance(10_000 * SECOND);
      assertThat(small.stats().blocks()).isBetween(10_000L, 12_500L);
      assertThat(small.stats().evicted()).isEqualTo(100_000 - small.stats().blocks());
      assertThat(known(reader, chains, 950, 1000)).isGreaterThan(4000);
      assertThat(known(reader, chains, 0, 800)).isLessThan(1000);
    }
  }

  @Test
  void forgetsHoldersRatherThanTakeMoreMemoryForSets() {
    try (PrefixIndex small = new PrefixIndex(20_000, 64, Duration.ZERO, 160_000)) {
      long[] blocks = chain(20_000);
      for (int i = 0; i < 64; i++) {
        small.stored(small.addHolder(), Tier.HOST, blocks, false);
      }
      small.advance(0);
      assertThat(small.stats().refused()).isPositive();
      assertThat(small.stats().bytes()).isLessThan(20_000 * 30);
      for (int holder = 0; holder < 64; holder++) {
        small.removed(holder, Tier.HOST, blocks, true);
      }
      small.advance(0);
      assertThat(small.stats().entries()).isZero();
    }
  }

  @Test
  void takesAtMost24BytesForAnEntry() {
    int entries = 1_000_000;
    try (PrefixIndex large = new PrefixIndex(entries, 1000, Duration.ofHours(1))) {
      for (int i = 0; i < 1000; i++) {
        large.addHolder();
      }
      for (int i = 0; i < entries; i += 1000) {
        large.stored(i / 1000, Tier.HOST, chain(1000), true);
      }
      large.advance(0);
      assertThat(large.stats().entries()).isEqualTo(entries);
      assertThat(large.stats().evicted()).isZero();
      assertThat((double) large.stats().bytes() / entries).isLessThan(24);
    }
  }

  @Test
  void refusesWhatItCannotBe() {
    assertThatThrownBy(() -> new PrefixIndex(1, PrefixIndex.MAX_HOLDERS + 1, Duration.ZERO))
        .hasMessageContaining("1 to 2048 holders");
    try (PrefixIndex two = new PrefixIndex(1, 2, Duration.ZERO)) {
      two.addHolder();
      two.addHolder();
      assertThatThrownBy(two::addHolder).hasMessageContaining("its 2 holders");
    }
  }

  private int run(int holder, long[] chain, Tier tier) {
    BitSet candidate = new BitSet();
    candidate.set(holder);
    return search.match(chain, candidate) == 0 ? 0 : search.blocks(0, tier);
  }

  private static int known(PrefixSearch reader, long[][] chains, int from, int to) {
    int blocks = 0;
    for (int i = from; i < to; i++) {
      blocks += reader.match(chains[i]) == 0 ? 0 : reader.blocks(0, Tier.HOST);
    }
    return blocks;
  }

  private long[] chain(int blocks) {
    return random.longs((long) BlockHash.LONGS * blocks).toArray();
  }

  private static long[] blocks(long[] chain, int from, int to) {
    return Arrays.copyOfRange(chain, BlockHash.LONGS * from, BlockHash.LONGS * to);
  }
}
