package io.sampo.kvcache.store;

import static io.sampo.kvcache.store.Texts.LAYOUT;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BorrowedBlock;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random texts that branch, tenants, costs, borrowers and pins on a small store, checked after each
 * step against what must always hold.
 */
class EvictionSimulation {

  private static final int BLOCK = LAYOUT.blockBytes();
  private static final int HOST_BLOCKS = 48;
  private static final int DISK_BLOCKS = 80;
  private static final int TEXTS = 24;
  private static final int TENANTS = 3;
  private static final double SHARE = 0.6;

  /** A block that is lent, and whose it is. */
  private record Loan(BlockHash hash, BorrowedBlock lent) {}

  @TempDir Path folder;
  private final Heard heard = new Heard();
  private final List<long[]> texts = new ArrayList<>();
  private final List<Loan> loans = new ArrayList<>();
  private final Map<Integer, Integer> pinned = new HashMap<>();
  private Instant now = Instant.ofEpochSecond(1_000_000);
  private SplittableRandom random = new SplittableRandom();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void keepsWhatMustHold(long seed) throws InterruptedException {
    random = new SplittableRandom(seed);
    for (int name = 0; name < TEXTS; name++) {
      // Texts of one tenant begin alike; those of different tenants never do.
      texts.add(Texts.text(1 + random.nextInt(20), 4, tenant(name), 1 + name));
    }
    StoreSettings settings =
        new StoreSettings((long) HOST_BLOCKS * BLOCK, folder, 1L << 20, DISK_BLOCKS, SHARE, 0.5);
    try (BlockStore store = BlockStore.open(settings, heard, () -> now)) {
      for (int step = 0; step < 3000; step++) {
        step(store);
        if (step % 50 == 0) {
          check(store, seed, step);
        }
      }
      loans.forEach(loan -> loan.lent().close());
    }
  }

  private static int tenant(int name) {
    return name % TENANTS;
  }

  private void step(BlockStore store) throws InterruptedException {
    int name = random.nextInt(TEXTS);
    long[] text = texts.get(name);
    switch (random.nextInt(10)) {
      case 0, 1, 2, 3 ->
          Texts.put(store, text, LAYOUT, "tenant " + tenant(name), 1 + random.nextInt(50));
      case 4, 5 -> Texts.borrowed(store, text);
      case 6 -> borrow(store, text);
      case 7 -> giveBack();
      case 8 -> pin(store, name, text);
      default -> store.awaitWritten(Duration.ofSeconds(20));
    }
  }

  private void borrow(BlockStore store, long[] text) {
    BlockHash hash = BlockHash.at(text, random.nextInt(BlockHash.count(text)));
    BorrowedBlock lent = loans.size() < 20 ? store.borrow(hash) : null;
    if (lent != null) {
      loans.add(new Loan(hash, lent));
    }
  }

  private void giveBack() {
    if (!loans.isEmpty()) {
      loans.remove(random.nextInt(loans.size())).lent().close();
    }
  }

  private void pin(BlockStore store, int name, long[] text) {
    if (pinned.size() > 3) {
      int first = pinned.keySet().iterator().next();
      assertThat(store.unpin("pin " + first)).isTrue();
      pinned.remove(first);
    } else {
      int blocks = store.pin("pin " + name, text, 0, Duration.ofDays(1));
      if (blocks > 0) {
        pinned.put(name, blocks);
      } else {
        pinned.remove(name);
      }
    }
  }

  private void check(BlockStore store, long seed, int step) throws InterruptedException {
    String when = "seed %d, step %d".formatted(seed, step);
    assertThat(store.awaitWritten(Duration.ofSeconds(20))).as(when).isTrue();
    for (Loan loan : loans) {
      assertThat(Texts.isRight(loan.lent().block(), loan.hash())).as(when).isTrue();
    }
    pinned.forEach(
        (name, blocks) ->
            assertThat(store.leading(texts.get(name)).blocks())
                .as(when)
                .isGreaterThanOrEqualTo(blocks));
    StoreStats stats = store.stats();
    assertThat(stats.host().bytes()).as(when).isLessThanOrEqualTo((long) HOST_BLOCKS * BLOCK);
    assertThat(stats.disk().blocks()).as(when).isLessThanOrEqualTo(DISK_BLOCKS);
    assertThat(stats.disk().failed()).as(when).isZero();
    assertThat(heard.agreesWith(store.snapshot())).as(when).isTrue();
    assertThat(heard.troubles).as(when).isEmpty();
    for (long[] text : texts) {
      // With each block all before it: what can be borrowed is exactly what leads.
      int leading = store.leading(text).blocks();
      for (int block = 0; block < BlockHash.count(text); block++) {
        assertThat(heard.has(BlockHash.at(text, block))).as(when).isEqualTo(block < leading);
      }
    }
  }

  @Test
  void evictsInTheOrderOfANaiveModel() {
    random = new SplittableRandom(7);
    StoreSettings settings = StoreSettings.hostOnly((long) HOST_BLOCKS * BLOCK);
    Map<BlockHash, double[]> model = new HashMap<>();
    double inflation = 0;
    long clock = 0;
    try (BlockStore store = BlockStore.open(settings, heard, () -> now)) {
      for (int step = 0; step < 5000; step++) {
        BlockHash hash = new BlockHash(random.nextInt(150), 1);
        double[] known = model.get(hash);
        if (known != null) {
          requireNonNull(store.borrow(hash)).close();
          known[1]++;
          known[2] = inflation + worth(known);
          known[3] = ++clock;
        } else {
          if (model.size() == HOST_BLOCKS) {
            BlockHash least = least(model);
            inflation = Math.max(inflation, requireNonNull(model.remove(least))[2]);
          }
          int cost = 1 + random.nextInt(9);
          long[] single = {hash.first(), hash.second()};
          assertThat(Texts.put(store, single, LAYOUT, Texts.TENANT, cost)).isEqualTo(1);
          double[] fresh = {cost, 1, 0, ++clock};
          fresh[2] = inflation + worth(fresh);
          model.put(hash, fresh);
        }
        assertThat(store.stats().host().blocks()).isEqualTo(model.size());
        for (BlockHash one : model.keySet()) {
          assertThat(store.leading(new long[] {one.first(), one.second()}).host()).isEqualTo(1);
        }
      }
    }
  }

  /** Cost per mebibyte, by the logarithm of uses: cost, uses, rank, time of last use. */
  private static double worth(double[] block) {
    int reuse = (int) (Math.log(block[1]) / Math.log(2) + 1e-9) + 1;
    return block[0] * reuse / BLOCK * (1 << 20);
  }

  private static BlockHash least(Map<BlockHash, double[]> model) {
    return model.entrySet().stream()
        .min(
            (one, other) -> {
              int byRank = Double.compare(one.getValue()[2], other.getValue()[2]);
              return byRank != 0 ? byRank : Double.compare(one.getValue()[3], other.getValue()[3]);
            })
        .orElseThrow()
        .getKey();
  }
}
