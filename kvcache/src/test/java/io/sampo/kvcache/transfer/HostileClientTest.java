package io.sampo.kvcache.transfer;

import static io.sampo.kvcache.transfer.Texts.LAYOUT;
import static io.sampo.kvcache.transfer.Texts.PLAIN;
import static io.sampo.kvcache.transfer.Texts.anyPort;
import static io.sampo.kvcache.transfer.Texts.memory;
import static io.sampo.kvcache.transfer.Texts.names;
import static io.sampo.kvcache.transfer.Texts.soon;
import static io.sampo.kvcache.transfer.Texts.wanted;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.transfer.Frames.RequestHead;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whoever connects without belonging here, or without knowing how to behave. */
@Timeout(60)
class HostileClientTest {

  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Duration SHORT = Duration.ofMillis(200);

  private final List<BlockHash> names = names("tenant", 1, 3);
  private final Texts texts = new Texts().hold(names);
  private final List<SocketChannel> channels = new ArrayList<>();
  private BlockServer server;

  @BeforeEach
  void serve() throws IOException {
    server = BlockServer.start(settings(SOON), PLAIN, texts);
  }

  private static ServerSettings settings(Duration handshake) {
    return new ServerSettings(anyPort(), 2, 4, handshake, SOON, SOON);
  }

  @AfterEach
  void close() throws IOException {
    for (SocketChannel channel : channels) {
      channel.close();
    }
    server.close();
  }

  private SocketChannel connect() throws IOException {
    SocketChannel channel = SocketChannel.open(server.address());
    channels.add(channel);
    return channel;
  }

  private SealedWire member() throws IOException {
    return Handshake.asFetcher(Texts.SECRET, new PlainWire(connect()));
  }

  private FetchEnd endOfFetch() {
    return endOfFetch(server.address());
  }

  private FetchEnd endOfFetch(InetSocketAddress address) {
    try (BlockFetcher fetcher = new BlockFetcher(FetcherSettings.DEFAULT, PLAIN)) {
      return fetcher.fetch(address, wanted(names), memory(3), SOON).end();
    }
  }

  private static void assertIsClosed(SocketChannel channel) {
    assertThatThrownBy(
            () -> {
              PlainWire wire = new PlainWire(channel);
              while (true) {
                wire.read(ByteBuffer.allocate(1 << 10));
              }
            })
        .isInstanceOf(IOException.class);
  }

  @Test
  void servesOnWhileOthersHoldConnectionsAndSayNothing() throws IOException {
    for (int i = 0; i < 20; i++) {
      connect();
    }
    assertThat(endOfFetch()).isEqualTo(FetchEnd.COMPLETE);
    assertThat(server.stats().strangers()).isLessThanOrEqualTo(4);
    assertThat(server.stats().refused()).isBetween(16L, 17L);
    assertIsClosed(channels.getFirst());
  }

  @Test
  void waitsForAProofOnlySoLong() throws IOException {
    server.close();
    server = BlockServer.start(settings(SHORT), PLAIN, texts);
    SocketChannel slow = connect();
    slow.write(ByteBuffer.wrap("SAMPOKVT".getBytes(US_ASCII)));
    assertIsClosed(slow);
    soon().until(() -> server.stats().untrusted() == 1);
    soon().until(() -> server.stats().strangers() == 0);
    // And for the rest of a request that was begun.
    SocketChannel begun = connect();
    SealedWire member = Handshake.asFetcher(Texts.SECRET, new PlainWire(begun));
    begun.write(ByteBuffer.wrap(new byte[] {1, 0, 0, 0}));
    assertThatThrownBy(() -> member.receive(Frames.buffer(1))).isInstanceOf(IOException.class);
    soon().until(() -> server.stats().connections() == 0);
  }

  @Test
  void hasSoManyConnectionsAndNoMore() throws IOException {
    member();
    SealedWire second = member();
    soon().until(() -> server.stats().connections() == 2);
    assertThat(endOfFetch()).isEqualTo(FetchEnd.BROKEN);
    assertThat(server.stats().refused()).isEqualTo(1);
    second.close();
    soon().until(() -> server.stats().connections() == 1);
    assertThat(endOfFetch()).isEqualTo(FetchEnd.COMPLETE);
  }

  @Test
  void outlivesGarbageOfStrangers() throws IOException {
    Random random = new Random(5);
    for (int i = 0; i < 300; i++) {
      SocketChannel channel = connect();
      byte[] garbage = new byte[random.nextInt(1, 400)];
      random.nextBytes(garbage);
      if (random.nextBoolean()) {
        // A good beginning, so that the rest is looked at.
        ByteBuffer.wrap(garbage)
            .put("SAMPOKVT\1\0\0\0".getBytes(US_ASCII), 0, Math.min(12, garbage.length));
      }
      channel.write(ByteBuffer.wrap(garbage));
      channel.shutdownOutput();
      assertIsClosed(channel);
    }
    soon().until(() -> server.stats().untrusted() == 300);
    assertThat(endOfFetch()).isEqualTo(FetchEnd.COMPLETE);
    assertThat(texts.lent.get()).isEqualTo(3);
  }

  @Test
  void outlivesRequestsOfMembersThatAreNone() throws IOException {
    Random random = new Random(6);
    long closedBefore = 0;
    for (int i = 0; i < 300; i++) {
      SealedWire wire = member();
      ByteBuffer request = request(random);
      wire.send(request);
      assertThatThrownBy(() -> wire.receive(Frames.buffer(1))).isInstanceOf(IOException.class);
      closedBefore++;
      wire.close();
      soon().until(() -> server.stats().connections() == 0);
      assertThat(server.stats().malformed()).isEqualTo(closedBefore);
    }
    assertThat(endOfFetch()).isEqualTo(FetchEnd.COMPLETE);
    assertThat(server.stats().requests()).isEqualTo(1);
  }

  /** A request, with its hashes, in which one number is none that may stand there. */
  private ByteBuffer request(Random random) {
    int[] good = {Frames.REQUEST, 1, names.size(), 0, 1000, LAYOUT.blockBytes()};
    int[][] bad = {{0, 2, -1}, {0, 2, -1}, {0, -1, 4097, Integer.MAX_VALUE}, {-1, -8}, {-1}};
    int field = random.nextInt(bad.length);
    good[field] = bad[field][random.nextInt(bad[field].length)];
    ByteBuffer form = Frames.buffer(Frames.REQUEST_HEAD_BYTES + 3 * Frames.HASH_BYTES);
    for (int number : good) {
      form.putInt(number);
    }
    form.put(Frames.digest(LAYOUT));
    Frames.write(names, form);
    return form.flip();
  }

  @Test
  void believesNoRequestWithoutItsSeal() throws IOException {
    SocketChannel channel = connect();
    Handshake.asFetcher(Texts.SECRET, new PlainWire(channel));
    ByteBuffer request = Frames.buffer(Frames.REQUEST_HEAD_BYTES + Frames.HASH_BYTES + Seal.BYTES);
    new RequestHead(1, 1, 0, 1000, LAYOUT.blockBytes(), Frames.digest(LAYOUT)).write(request);
    Frames.write(names.subList(0, 1), request);
    channel.write(request.position(0).limit(request.capacity()));
    assertIsClosed(channel);
    soon().until(() -> server.stats().malformed() == 1);
    assertThat(texts.lent.get()).isZero();
  }

  @Test
  void aFetcherOutlivesGarbageOfServers() throws IOException {
    Random random = new Random(7);
    Duration instant = Duration.ofNanos(1);
    FetcherSettings forgiving = new FetcherSettings(8, 1, 0, SOON, SOON, instant, instant);
    LyingServer.Script garbage =
        (connection, request, hashes) -> {
          byte[] bytes = new byte[random.nextInt(1, 200)];
          random.nextBytes(bytes);
          if (random.nextBoolean()) {
            // Of a known type, and to the right request.
            bytes = ByteBuffer.allocate(bytes.length + 8).put(bytes).array();
            ByteBuffer.wrap(bytes)
                .put(new byte[] {(byte) random.nextInt(2, 4), 0, 0, 0, 1, 0, 0, 0});
          }
          if (random.nextBoolean()) {
            connection.wire().send(ByteBuffer.wrap(bytes));
          } else {
            connection.wire().send(Frames.buffer(32), MemorySegment.ofArray(bytes));
          }
          throw new EOFException("enough");
        };
    try (LyingServer liar = new LyingServer(garbage);
        BlockFetcher fetcher = new BlockFetcher(forgiving, PLAIN)) {
      for (int i = 0; i < 300; i++) {
        Fetched fetched = fetcher.fetch(liar.address(), wanted(names), memory(3), SOON);
        assertThat(fetched.blocks()).isEmpty();
        assertThat(fetched.end().peerFailed()).as("%s", fetched.end()).isTrue();
      }
    }
  }
}
