package io.sampo.kvcache.transfer;

import static io.sampo.kvcache.transfer.Texts.LAYOUT;
import static io.sampo.kvcache.transfer.Texts.PLAIN;
import static io.sampo.kvcache.transfer.Texts.anyPort;
import static io.sampo.kvcache.transfer.Texts.assertAreTheFirst;
import static io.sampo.kvcache.transfer.Texts.memory;
import static io.sampo.kvcache.transfer.Texts.names;
import static io.sampo.kvcache.transfer.Texts.wanted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BlockSource;
import io.sampo.kvcache.block.KvChain;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TransferTest {

  private static final Duration SOON = Duration.ofSeconds(20);

  private final List<BlockHash> names = names("tenant", 1, 20);
  private final Texts texts = new Texts().hold(names);
  private final BlockServer server = serve(texts);
  private final BlockFetcher fetcher = new BlockFetcher(FetcherSettings.DEFAULT, PLAIN);

  private static BlockServer serve(BlockSource source) {
    try {
      return BlockServer.start(ServerSettings.on(anyPort()), PLAIN, source);
    } catch (IOException unexpected) {
      throw new AssertionError(unexpected);
    }
  }

  @AfterEach
  void close() {
    fetcher.close();
    server.close();
  }

  private Fetched fetch(Wanted wanted) {
    return fetcher.fetch(server.address(), wanted, memory(wanted.hashes().size()), SOON);
  }

  @Test
  void bringsBlocksBitForBitIntoTheMemoryItWasGiven() {
    List<MemorySegment> memory = memory(20);
    Fetched fetched = fetcher.fetch(server.address(), wanted(names), memory, SOON);
    assertThat(fetched.end()).isEqualTo(FetchEnd.COMPLETE);
    assertThat(fetched.blocks()).hasSize(20);
    assertAreTheFirst(fetched.blocks(), names);
    assertThat(new KvChain(fetched.blocks()).endPosition()).isEqualTo(160);
    for (int i = 0; i < 20; i++) {
      assertThat(fetched.blocks().get(i).bytes().address()).isEqualTo(memory.get(i).address());
    }
    assertThat(server.stats().bytes()).isEqualTo(20L * LAYOUT.blockBytes());
    assertThat(fetcher.stats().ends()).containsEntry(FetchEnd.COMPLETE, 1L);
  }

  @Test
  void bringsWhatLiesBeforeTheFirstBlockThatIsNotHeld() {
    List<BlockHash> longer = names("tenant", 1, 24);
    Fetched fetched = fetch(wanted(longer));
    assertThat(fetched.end()).isEqualTo(FetchEnd.NOT_HELD);
    assertThat(fetched.blocks()).hasSize(20);
    assertAreTheFirst(fetched.blocks(), longer);
    assertThat(fetch(wanted(names("tenant", 2, 3))).end()).isEqualTo(FetchEnd.NOT_HELD);
    assertThat(server.stats().misses()).isEqualTo(2);
  }

  @Test
  void goesOnWithinAText() {
    Fetched fetched = fetch(new Wanted(LAYOUT, 8 * 15, names.subList(15, 20)));
    assertThat(fetched.end()).isEqualTo(FetchEnd.COMPLETE);
    assertThat(fetched.blocks().getFirst().firstPosition()).isEqualTo(120);
    assertAreTheFirst(fetched.blocks(), names.subList(15, 20));
    // The same blocks as if the text began with them.
    assertThat(fetch(wanted(names.subList(15, 20))).end()).isEqualTo(FetchEnd.OTHER_LAYOUT);
  }

  @Test
  void servesNoBlocksOfAnotherModelOrLayout() {
    ModelFingerprint adapted = ModelFingerprint.of("engine 1", List.of("weights", "adapter"));
    for (KvLayout other :
        List.of(
            Texts.layout(adapted, KvFormat.F16, LAYOUT.keyRowBytes()),
            Texts.layout(Texts.MODEL, KvFormat.F16, List.of(3072, 1024)))) {
      Fetched fetched = fetch(new Wanted(other, 0, names));
      assertThat(fetched.end()).isEqualTo(FetchEnd.OTHER_LAYOUT);
      assertThat(fetched.blocks()).isEmpty();
    }
  }

  @Test
  void keepsOneTenantsBlocksFromAnother() {
    Fetched fetched = fetch(wanted(names("another tenant", 1, 20)));
    assertThat(fetched.end()).isEqualTo(FetchEnd.NOT_HELD);
    assertThat(fetched.blocks()).isEmpty();
  }

  @Test
  void usesAConnectionAgainAndFindsARestartedServer() throws IOException {
    for (int i = 0; i < 5; i++) {
      assertThat(fetch(wanted(names)).end()).isEqualTo(FetchEnd.COMPLETE);
    }
    assertThat(fetcher.stats().connections()).isEqualTo(1);
    server.close();
    try (BlockServer _ = BlockServer.start(ServerSettings.on(server.address()), PLAIN, texts)) {
      assertThat(fetch(wanted(names)).end()).isEqualTo(FetchEnd.COMPLETE);
    }
    assertThat(fetcher.stats().connections()).isEqualTo(2);
  }

  @Test
  void letsSoManyFetchFromAPeerAndSoManyWait() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch lend = new CountDownLatch(1);
    BlockSource slow =
        hash -> {
          asked.countDown();
          await(lend);
          return texts.borrow(hash);
        };
    FetcherSettings one =
        new FetcherSettings(8, 1, 0, SOON, SOON, Duration.ofDays(1), Duration.ofDays(1));
    try (BlockServer blocked = serve(slow);
        BlockFetcher narrow = new BlockFetcher(one, PLAIN)) {
      CompletableFuture<Fetched> first =
          CompletableFuture.supplyAsync(
              () -> narrow.fetch(blocked.address(), wanted(names), memory(20), SOON));
      asked.await();
      Fetched second = narrow.fetch(blocked.address(), wanted(names), memory(20), SOON);
      assertThat(second.end()).isEqualTo(FetchEnd.BUSY);
      lend.countDown();
      assertThat(first.get().end()).isEqualTo(FetchEnd.COMPLETE);
    }
  }

  @Test
  void isCancelledByAnInterruptAndByItsEnd() throws Exception {
    CountDownLatch asked = new CountDownLatch(2);
    CountDownLatch never = new CountDownLatch(1);
    BlockSource slow =
        hash -> {
          asked.countDown();
          await(never);
          return null;
        };
    try (BlockServer blocked = serve(slow)) {
      CompletableFuture<FetchEnd> first = new CompletableFuture<>();
      CompletableFuture<FetchEnd> second = new CompletableFuture<>();
      Thread one = Thread.startVirtualThread(() -> first.complete(endOfFetch(blocked)));
      Thread.startVirtualThread(() -> second.complete(endOfFetch(blocked)));
      asked.await();
      one.interrupt();
      assertThat(ending(first)).isEqualTo(FetchEnd.CANCELLED);
      fetcher.close();
      assertThat(ending(second)).isEqualTo(FetchEnd.CANCELLED);
      assertThat(endOfFetch(blocked)).isEqualTo(FetchEnd.CANCELLED);
      never.countDown();
    }
  }

  private FetchEnd endOfFetch(BlockServer from) {
    return fetcher.fetch(from.address(), wanted(names), memory(20), SOON).end();
  }

  private static FetchEnd ending(CompletableFuture<FetchEnd> future)
      throws ExecutionException, InterruptedException {
    return future.orTimeout(10, TimeUnit.SECONDS).get();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException unexpected) {
      throw new AssertionError(unexpected);
    }
  }

  @Test
  void treatsABlockThatTheSourceFailsToLendAsNotHeld() throws IOException {
    BlockSource broken =
        hash -> {
          if (hash.equals(names.get(3))) {
            throw new IllegalStateException("the disk is gone");
          }
          return texts.borrow(hash);
        };
    try (BlockServer from = serve(broken)) {
      Fetched fetched = fetcher.fetch(from.address(), wanted(names), memory(20), SOON);
      assertThat(fetched.end()).isEqualTo(FetchEnd.NOT_HELD);
      assertThat(fetched.blocks()).hasSize(3);
      assertThat(from.stats().sourceFailures()).isEqualTo(1);
    }
    assertThat(texts.givenBack.get()).isEqualTo(texts.lent.get()).isEqualTo(3);
  }

  @Test
  void learnsHowFastAPeerIs() {
    assertThat(fetcher.speed(server.address())).isNull();
    assertThat(fetch(wanted(names)).end()).isEqualTo(FetchEnd.COMPLETE);
    PeerSpeed speed = Objects.requireNonNull(fetcher.speed(server.address()));
    assertThat(speed.bytesPerSecond()).isGreaterThan(1e6);
    assertThat(speed.roundTrip()).isBetween(Duration.ofNanos(1), SOON);
    assertThat(speed.expected(1 << 30)).isGreaterThan(speed.expected(1 << 20));
    fetcher.forget(server.address());
    assertThat(fetcher.speed(server.address())).isNull();
  }

  @Test
  void refusesWhatCannotBeAsked() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> wanted(List.of()))
        .withMessageContaining("1 to 4096");
    assertThatIllegalArgumentException().isThrownBy(() -> wanted(names("tenant", 1, 4097)));
    assertThatIllegalArgumentException().isThrownBy(() -> new Wanted(LAYOUT, 4, names));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> fetcher.fetch(server.address(), wanted(names), memory(19), SOON));
    MemorySegment heap = MemorySegment.ofArray(new byte[LAYOUT.blockBytes()]);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                fetcher.fetch(server.address(), wanted(names.subList(0, 1)), List.of(heap), SOON));
  }

  @Test
  void warmsUpWithAsManyBytesAsItIsToldAndInTheTimeItHas() throws IOException {
    assertThat(WarmUp.move(PLAIN, 20 << 20, SOON)).isBetween(20L << 20, 40L << 20);
    assertThat(WarmUp.move(PLAIN, Long.MAX_VALUE, Duration.ofMillis(300))).isPositive();
    assertThat(WarmUp.move(PLAIN, 1, Duration.ZERO)).isZero();
  }
}
