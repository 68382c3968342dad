package io.sampo.kvcache.transfer;

import static io.sampo.kvcache.transfer.Texts.LAYOUT;
import static io.sampo.kvcache.transfer.Texts.PLAIN;
import static io.sampo.kvcache.transfer.Texts.anyPort;
import static io.sampo.kvcache.transfer.Texts.assertAreTheFirst;
import static io.sampo.kvcache.transfer.Texts.memory;
import static io.sampo.kvcache.transfer.Texts.names;
import static io.sampo.kvcache.transfer.Texts.soon;
import static io.sampo.kvcache.transfer.Texts.wanted;
import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BlockSource;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Peers that die, stop or crawl in the middle of a fetch, and fetchers that do. */
@Timeout(60)
class FaultyPeerTest {

  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Duration SHORT = Duration.ofMillis(400);
  private static final Duration LONG = Duration.ofDays(1);

  /** A server's greeting, its proof, five blocks with heads and seals, and some of the sixth. */
  private static final long IN_THE_SIXTH_BLOCK =
      44 + 32 + 5 * (32L + LAYOUT.blockBytes() + 16) + 999;

  private final List<BlockHash> names = names("tenant", 1, 40);
  private final Texts texts = new Texts().hold(names);
  private final BlockFetcher fetcher =
      new BlockFetcher(new FetcherSettings(8, 2, 2, SOON, SOON, LONG, LONG), PLAIN);
  private BlockServer server;

  @BeforeEach
  void serve() throws IOException {
    server = BlockServer.start(ServerSettings.on(anyPort()), PLAIN, texts);
  }

  @AfterEach
  void close() {
    fetcher.close();
    server.close();
    soon().until(() -> texts.givenBack.get() == texts.lent.get());
  }

  private Fetched fetch(InetSocketAddress peer, Duration within) {
    return fetcher.fetch(peer, wanted(names), memory(40), within);
  }

  @Test
  void keepsWhatCameBeforeAPeerDied() throws IOException {
    try (FaultProxy proxy =
        new FaultProxy(server.address(), new FaultProxy.Cut(IN_THE_SIXTH_BLOCK))) {
      Fetched fetched = fetch(proxy.address(), SOON);
      assertThat(fetched.end()).isEqualTo(FetchEnd.BROKEN);
      assertThat(fetched.blocks()).hasSize(5);
      assertAreTheFirst(fetched.blocks(), names);
      assertThat(fetch(proxy.address(), SOON).end()).isEqualTo(FetchEnd.BYPASSED);
      assertThat(fetcher.bypasses(proxy.address())).isTrue();
    }
    assertThat(fetch(server.address(), SOON).end()).isEqualTo(FetchEnd.COMPLETE);
  }

  @Test
  void outlivesAResetOfTheConnection() throws IOException {
    try (FaultProxy proxy =
        new FaultProxy(server.address(), new FaultProxy.Reset(IN_THE_SIXTH_BLOCK))) {
      Fetched fetched = fetch(proxy.address(), SOON);
      assertThat(fetched.end()).isEqualTo(FetchEnd.BROKEN);
      assertThat(fetched.blocks()).hasSizeLessThanOrEqualTo(5);
      assertAreTheFirst(fetched.blocks(), names);
      assertThat(fetch(proxy.address(), SOON).end()).isEqualTo(FetchEnd.BYPASSED);
    }
  }

  @Test
  void triesAPeerAgainAfterItsPause() throws IOException {
    Duration instant = Duration.ofNanos(1);
    FetcherSettings patient = new FetcherSettings(8, 2, 2, SOON, SOON, instant, instant);
    InetSocketAddress address = server.address();
    try (BlockFetcher again = new BlockFetcher(patient, PLAIN)) {
      server.close();
      assertThat(again.fetch(address, wanted(names), memory(40), SOON).end())
          .isEqualTo(FetchEnd.UNREACHABLE);
      server = BlockServer.start(ServerSettings.on(address), PLAIN, texts);
      assertThat(again.fetch(address, wanted(names), memory(40), SOON).end())
          .isEqualTo(FetchEnd.COMPLETE);
    }
  }

  @Test
  void waitsForAStoppedPeerNoLongerThanTheRequestAllows() throws IOException {
    // Stopped before its greeting, in the middle of it, and before the first block is whole.
    for (long at : new long[] {0, 50, 44 + 32 + 60_000}) {
      try (FaultProxy proxy = new FaultProxy(server.address(), new FaultProxy.Stall(at))) {
        long began = System.nanoTime();
        assertThat(fetch(proxy.address(), SHORT).end()).isEqualTo(FetchEnd.DEADLINE);
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isBetween(SHORT, SOON);
        assertThat(fetch(proxy.address(), SHORT).end()).isEqualTo(FetchEnd.BYPASSED);
      }
    }
  }

  @Test
  void doesNotWaitForAPeerThatTakesConnectionsAndSaysNothing() throws IOException {
    FetcherSettings hasty = new FetcherSettings(8, 2, 2, SHORT, SOON, LONG, LONG);
    try (ServerSocketChannel mute = ServerSocketChannel.open().bind(anyPort());
        BlockFetcher impatient = new BlockFetcher(hasty, PLAIN)) {
      InetSocketAddress address = (InetSocketAddress) mute.getLocalAddress();
      assertThat(impatient.fetch(address, wanted(names), memory(40), SOON).end())
          .isEqualTo(FetchEnd.UNREACHABLE);
    }
  }

  @Test
  void remembersAPeerBehindOneMegabitPerSecondAsSlow() throws IOException {
    try (FaultProxy proxy =
        new FaultProxy(server.address(), new FaultProxy.Throttle(1_000_000 / 8))) {
      Duration within = Duration.ofMillis(1500);
      long began = System.nanoTime();
      Fetched fetched = fetch(proxy.address(), within);
      assertThat(fetched.end()).isEqualTo(FetchEnd.DEADLINE);
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isBetween(within, SOON);
      assertThat(fetched.blocks()).hasSizeBetween(1, 5);
      assertAreTheFirst(fetched.blocks(), names);
      PeerSpeed speed = Objects.requireNonNull(fetcher.speed(proxy.address()));
      assertThat(speed.bytesPerSecond()).isBetween(20_000.0, 200_000.0);
      assertThat(speed.expected(64L << 20)).isGreaterThan(Duration.ofMinutes(3));
      // It did send blocks: it is slow, not dead, and whether it is worth while is the caller's.
      assertThat(fetcher.bypasses(proxy.address())).isFalse();
    }
  }

  @Test
  void findsABitThatChangedOnTheWay() throws IOException {
    try (FaultProxy proxy =
        new FaultProxy(server.address(), new FaultProxy.Flip(IN_THE_SIXTH_BLOCK))) {
      Fetched fetched = fetch(proxy.address(), SOON);
      assertThat(fetched.end()).isEqualTo(FetchEnd.FORGED);
      assertThat(fetched.blocks()).hasSize(5);
      assertAreTheFirst(fetched.blocks(), names);
    }
  }

  @Test
  void endsAnAnswerThatNobodyReads() throws IOException {
    ServerSettings strict = new ServerSettings(anyPort(), 4, 4, SOON, SOON, Duration.ofMillis(300));
    try (BlockServer hurried = BlockServer.start(strict, PLAIN, endless());
        SocketChannel reader = SocketChannel.open(hurried.address())) {
      SealedWire wire = Handshake.asFetcher(Texts.SECRET, new PlainWire(reader));
      List<BlockHash> many = names("tenant", 1, Wanted.MAX_BLOCKS);
      new Answer(wanted(many), List.of()).ask(wire, 1, Integer.MAX_VALUE);
      soon().until(() -> hurried.stats().late() == 1);
      soon().until(() -> hurried.stats().connections() == 0);
    }
  }

  /** Any name is that of the first block, at the place that is asked for. */
  private BlockSource endless() {
    AtomicInteger next = new AtomicInteger();
    return hash -> {
      Texts one = new Texts();
      one.hold(hash, Texts.block(names.getFirst(), LAYOUT, 8 * next.getAndIncrement()));
      return one.borrow(hash);
    };
  }
}
