package io.sampo.kvcache.store;

import static io.sampo.kvcache.store.Texts.LAYOUT;
import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BorrowedBlock;
import io.sampo.kvcache.block.KvLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.io.TempDir;

/** Many threads put, borrow, pin and clear on a store much smaller than what they want. */
class StressTest {

  private static final int THREADS = 6;
  private static final int ROUNDS = 6000;
  private static final KvLayout LARGER = Texts.layout("larger", 96);

  @TempDir Path folder;

  @RepeatedTest(8)
  void neverLendsOtherBytes() throws Exception {
    Heard heard = new Heard();
    StoreSettings settings =
        new StoreSettings(40L * LAYOUT.blockBytes(), folder, 1 << 20, 60, 1, 0.5);
    try (BlockStore store = BlockStore.open(settings, heard, InstantSource.system());
        ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      heard.follow(store);
      List<Future<?>> running = new ArrayList<>();
      for (int seed = 0; seed < THREADS; seed++) {
        SplittableRandom random = new SplittableRandom(seed);
        running.add(threads.submit(() -> work(store, random)));
      }
      for (Future<?> one : running) {
        one.get();
      }
      assertThat(store.awaitWritten(Duration.ofSeconds(20))).isTrue();
      assertThat(heard.agreesWith(store.snapshot())).isTrue();
      assertThat(store.stats().host().hits()).isPositive();
      assertThat(store.stats().disk().hits()).isPositive();
      assertThat(store.stats().disk().failed()).isZero();
      store.clear();
      assertThat(store.stats().host().bytes()).isZero();
    }
  }

  private static void work(BlockStore store, SplittableRandom random) {
    for (int round = 0; round < ROUNDS; round++) {
      int name = random.nextInt(12);
      long[] text = Texts.text(8, name);
      KvLayout layout = name % 4 == 0 ? LARGER : LAYOUT;
      switch (random.nextInt(20)) {
        case 0 -> store.pin("pin " + random.nextInt(2), text, 0, Duration.ofMillis(1));
        case 1 -> {
          if (round % 10 == 0) {
            store.clear();
          }
        }
        case 2, 3, 4, 5, 6, 7, 8 -> Texts.put(store, text, layout, Texts.TENANT, 1);
        case 9, 10, 11 -> holdSeveral(store, text);
        default -> Texts.borrowed(store, text);
      }
    }
  }

  private static void holdSeveral(BlockStore store, long[] text) {
    List<BorrowedBlock> held = new ArrayList<>();
    for (int block = 0; block < 4; block++) {
      BorrowedBlock lent = store.borrow(BlockHash.at(text, block));
      if (lent != null) {
        held.add(lent);
      }
    }
    Texts.put(store, Texts.text(4, 50), LAYOUT, Texts.TENANT, 1);
    for (BorrowedBlock lent : held) {
      int block = lent.block().firstPosition() / 8;
      if (!Texts.isRight(lent.block(), BlockHash.at(text, block))) {
        throw new AssertionError("a lent block changed");
      }
      lent.close();
    }
  }
}
