package io.sampo.kvcache.restore;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.kvcache.block.BlockChain;
import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BorrowedBlock;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import io.sampo.kvcache.event.BlockEvent;
import io.sampo.kvcache.store.BlockStore;
import io.sampo.kvcache.store.Reservation;
import io.sampo.kvcache.store.StoreListener;
import io.sampo.kvcache.store.StoreSettings;
import io.sampo.kvcache.transfer.BlockFetcher;
import io.sampo.kvcache.transfer.BlockServer;
import io.sampo.kvcache.transfer.ClusterSecret;
import io.sampo.kvcache.transfer.Credentials;
import io.sampo.kvcache.transfer.FetchEnd;
import io.sampo.kvcache.transfer.Fetched;
import io.sampo.kvcache.transfer.FetcherSettings;
import io.sampo.kvcache.transfer.ServerSettings;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node with a text of ten blocks, and one that fetches it. */
@Timeout(60)
class PeerSupplyTest {

  private static final KvLayout LAYOUT =
      new KvLayout(
          ModelFingerprint.of("test", List.of()),
          KvFormat.F16,
          KvFormat.F16,
          List.of(64),
          List.of(64),
          8);
  private static final int BLOCKS = 10;
  private static final long[] TEXT =
      new BlockChain(new byte[0], LAYOUT.model().bytes(), 8)
          .hashes(IntStream.range(0, 8 * BLOCKS).toArray());
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Credentials CREDENTIALS =
      Credentials.plain(ClusterSecret.of(new byte[ClusterSecret.BYTES]));

  private final BlockStore there = store(1 << 20);
  private final BlockStore here = store(1 << 20);
  private final BlockFetcher fetcher = new BlockFetcher(FetcherSettings.DEFAULT, CREDENTIALS);
  private final List<Fetched> ends = new ArrayList<>();
  private BlockServer server;

  private static BlockStore store(long bytes) {
    return BlockStore.open(
        StoreSettings.hostOnly(bytes),
        new StoreListener() {
          @Override
          public void onEvents(List<BlockEvent> events) {}

          @Override
          public void onTrouble(String trouble) {
            throw new AssertionError(trouble);
          }
        },
        InstantSource.system());
  }

  @BeforeEach
  void fill() throws IOException {
    for (int block = 0; block < BLOCKS; block++) {
      BlockHash before = block == 0 ? null : BlockHash.at(TEXT, block - 1);
      try (Reservation room =
          Objects.requireNonNull(
              there.reserve(BlockHash.at(TEXT, block), before, LAYOUT, "t", 1))) {
        room.memory().fill((byte) block);
        assertThat(room.commit(KvBlock.seal(room.memory(), LAYOUT, 8 * block))).isTrue();
      }
    }
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    server = BlockServer.start(ServerSettings.on(any), CREDENTIALS, there);
  }

  @AfterEach
  void close() {
    fetcher.close();
    server.close();
    here.close();
    there.close();
  }

  private PeerSupply peer() {
    return new PeerSupply(fetcher, server.address(), here, LAYOUT, TEXT, "t", 1, ends::add);
  }

  @Test
  void whatComesStaysInTheStoreOfTheNodeThatFetched() {
    take(0, 4);
    take(4, 6);

    assertThat(here.leading(TEXT).host()).isEqualTo(BLOCKS);
    assertThat(server.stats().blocks()).isEqualTo(BLOCKS);
  }

  @Test
  void aContinuationOfWhatTheStoreDoesNotHaveIsLentAndNotKept() {
    take(4, 3);

    assertThat(here.leading(TEXT).host()).isZero();
  }

  @Test
  void aPeerThatHasNothingAndOneThatIsGoneGiveNothing() {
    there.clear();
    assertThat(peer().take(0, 4, SOON)).isEmpty();
    server.close();
    assertThat(peer().take(0, 4, SOON)).isEmpty();
    assertThat(ends)
        .extracting(Fetched::end)
        .containsExactly(FetchEnd.NOT_HELD, FetchEnd.UNREACHABLE);
    assertThat(here.stats().host().blocks()).isZero();
  }

  private void take(int first, int count) {
    List<BorrowedBlock> taken = peer().take(first, count, SOON);
    assertThat(taken).hasSize(count);
    for (int i = 0; i < count; i++) {
      KvBlock block = taken.get(i).block();
      assertThat(block.firstPosition()).isEqualTo(8 * (first + i));
      assertThat(block.bytes().get(ValueLayout.JAVA_BYTE, LAYOUT.headerBytes()))
          .isEqualTo((byte) (first + i));
      taken.get(i).close();
      taken.get(i).close();
    }
  }
}
