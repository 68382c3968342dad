package io.sampo.kvcache.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.event.BlockSnapshot;
import io.sampo.kvcache.event.Tier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** One writer, several readers, and bounds that every answer must keep at every moment. */
class PrefixIndexConcurrencyTest {

  private static final int HOLDERS = 96;
  private static final int CHAINS = 12;
  private static final int BLOCKS = 160;
  private static final int CHANGES = 150_000;

  private final Random random = new Random(11);
  private final long[][] chains = new long[CHAINS][];
  private final int[][] now = new int[HOLDERS][CHAINS];
  private volatile boolean over;

  /** Holders never have every third chain; of the others never less, and never more, than this. */
  private static boolean never(int holder, int chain) {
    return (holder + chain) % 3 == 0;
  }

  private static int least(int holder, int chain) {
    return 1 + (holder * 7 + chain * 13) % 70;
  }

  private static int most(int holder, int chain) {
    return least(holder, chain) + (holder + chain) % 80;
  }

  @Test
  void neverAnswersWhatCannotBe() throws Exception {
    Arrays.setAll(chains, _ -> random.longs((long) BlockHash.LONGS * BLOCKS).toArray());
    try (PrefixIndex index = new PrefixIndex(20_000, HOLDERS + 32, Duration.ofHours(1));
        ExecutorService threads = Executors.newFixedThreadPool(2)) {
      for (int holder = 0; holder < HOLDERS; holder++) {
        assertThat(index.addHolder()).isEqualTo(holder);
        for (int chain = 0; chain < CHAINS; chain++) {
          if (!never(holder, chain)) {
            now[holder][chain] = least(holder, chain);
            index.stored(holder, Tier.HOST, blocks(chain, 0, now[holder][chain]), true);
          }
        }
      }
      List<Future<Long>> readers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        int seed = i;
        readers.add(threads.submit(() -> read(index, new Random(seed))));
      }
      try {
        write(index);
      } finally {
        over = true;
      }
      for (Future<Long> reader : readers) {
        assertThat(reader.get()).isPositive();
      }
      index.advance(0);
      assertThat(index.stats().evicted() + index.stats().refused()).isZero();
    }
  }

  private void write(PrefixIndex index) {
    int guest = index.addHolder();
    for (int i = 0; i < CHANGES; i++) {
      int holder = random.nextInt(HOLDERS);
      int chain = random.nextInt(CHAINS);
      int what = random.nextInt(1000);
      if (what == 0) {
        index.replace(holder, snapshot(holder));
      } else if (what < 20) {
        // Nodes move, and what guests leave behind is swept away.
        index.removeHolder(guest);
        guest = index.addHolder();
        index.stored(guest, Tier.DISK, random.longs(200).toArray(), true);
      } else if (!never(holder, chain)) {
        change(index, holder, chain);
      }
    }
  }

  private void change(PrefixIndex index, int holder, int chain) {
    int least = least(holder, chain);
    int length = least + random.nextInt(most(holder, chain) - least + 1);
    int before = now[holder][chain];
    now[holder][chain] = length;
    if (length > before) {
      index.stored(holder, Tier.HOST, blocks(chain, before, length), true);
    }
    for (int last = before; last > length; last--) {
      index.removed(holder, Tier.HOST, blocks(chain, last - 1, last), true);
    }
  }

  private BlockSnapshot snapshot(int holder) {
    long[] all = new long[0];
    for (int chain = 0; chain < CHAINS; chain++) {
      long[] some = blocks(chain, 0, now[holder][chain]);
      int length = all.length;
      all = Arrays.copyOf(all, length + some.length);
      System.arraycopy(some, 0, all, length, some.length);
    }
    return new BlockSnapshot(0, 0, true, Map.of(Tier.HOST, all));
  }

  private long read(PrefixIndex index, Random dice) {
    PrefixSearch search = index.search();
    long answers = 0;
    while (!over) {
      int chain = dice.nextInt(CHAINS);
      search.match(chains[chain]);
      int expected = 0;
      for (int holder = 0; holder < HOLDERS; holder++) {
        expected += never(holder, chain) ? 0 : 1;
      }
      assertThat(search.count()).isEqualTo(expected);
      for (int hit = 0; hit < search.count(); hit++) {
        int holder = search.holder(hit);
        int blocks = search.blocks(hit, Tier.HOST);
        if (never(holder, chain)
            || blocks < least(holder, chain)
            || blocks > most(holder, chain)
            || search.blocks(hit, Tier.DEVICE) > 0
            || search.blocks(hit, Tier.DISK) != blocks) {
          throw new AssertionError(
              "holder %d has %d blocks of chain %d".formatted(holder, blocks, chain));
        }
      }
      answers++;
    }
    return answers;
  }

  private long[] blocks(int chain, int from, int to) {
    return Arrays.copyOfRange(chains[chain], BlockHash.LONGS * from, BlockHash.LONGS * to);
  }
}
