import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BlockSource;
import io.sampo.kvcache.block.BorrowedBlock;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import io.sampo.kvcache.transfer.BlockFetcher;
import io.sampo.kvcache.transfer.BlockServer;
import io.sampo.kvcache.transfer.ClusterSecret;
import io.sampo.kvcache.transfer.Credentials;
import io.sampo.kvcache.transfer.FetchEnd;
import io.sampo.kvcache.transfer.Fetched;
import io.sampo.kvcache.transfer.FetcherSettings;
import io.sampo.kvcache.transfer.PeerSpeed;
import io.sampo.kvcache.transfer.ServerSettings;
import io.sampo.kvcache.transfer.TransferTls;
import io.sampo.kvcache.transfer.Wanted;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Moves blocks of the 1B shape between two processes: by the block server and fetcher, plain and
 * under TLS, and as nothing but bytes over a socket.
 *
 * <p>Arguments of the one process: {@code serve FOLDER}, where the folder has a key store; it
 * writes the cluster's secret and TLS files beside it and prints its three ports. Of the other:
 * {@code fetch FOLDER ROUNDS RAW PLAIN TLS}.
 */
class Transfer {

  private static final int BLOCKS = 256;
  private static final int BLOCK_TOKENS = 32;
  private static final KvLayout LAYOUT =
      new KvLayout(
          ModelFingerprint.of("benchmark", List.of("random")),
          KvFormat.F16,
          KvFormat.F16,
          Collections.nCopies(16, 1024),
          Collections.nCopies(16, 1024),
          BLOCK_TOKENS);

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[1]);
    if (arguments[0].equals("serve")) {
      writePem(folder);
    }
    ClusterSecret secret = ClusterSecret.readOrMake(folder.resolve("secret"));
    TransferTls tls =
        TransferTls.read(
            folder.resolve("node.pem"), folder.resolve("node.key"), folder.resolve("node.pem"));
    if (arguments[0].equals("serve")) {
      serve(secret, tls);
    } else {
      fetch(secret, tls, arguments);
    }
  }

  /** The key and the certificate of the key store that is in the folder, as a node has them. */
  private static void writePem(Path folder) throws Exception {
    char[] password = "benchmark".toCharArray();
    KeyStore store = KeyStore.getInstance(folder.resolve("node.p12").toFile(), password);
    writePem(
        folder.resolve("node.key"), "PRIVATE KEY", store.getKey("node", password).getEncoded());
    writePem(folder.resolve("node.pem"), "CERTIFICATE", store.getCertificate("node").getEncoded());
  }

  private static void writePem(Path file, String what, byte[] bytes) throws IOException {
    String body = Base64.getMimeEncoder().encodeToString(bytes);
    Files.writeString(
        file, "-----BEGIN %s-----%n%s%n-----END %s-----%n".formatted(what, body, what));
  }

  private static List<MemorySegment> memory(int blocks) {
    return IntStream.range(0, blocks)
        .mapToObj(_ -> Arena.ofAuto().allocate(LAYOUT.blockBytes(), 64))
        .toList();
  }

  private static BlockHash name(int block) {
    return new BlockHash(block, ~block);
  }

  private static void serve(ClusterSecret secret, TransferTls tls) throws Exception {
    List<MemorySegment> memory = memory(BLOCKS);
    Map<BlockHash, BorrowedBlock> held = new HashMap<>();
    for (int i = 0; i < BLOCKS; i++) {
      memory.get(i).fill((byte) i);
      held.put(name(i), new Held(KvBlock.seal(memory.get(i), LAYOUT, i * BLOCK_TOKENS)));
    }
    BlockSource source = held::get;
    ServerSettings settings = ServerSettings.on(loopback(0));
    BlockServer plain = BlockServer.start(settings, Credentials.plain(secret), source);
    BlockServer encrypted = BlockServer.start(settings, new Credentials(secret, tls), source);
    ServerSocketChannel raw = ServerSocketChannel.open().bind(loopback(0));
    System.out.printf(
        "%d %d %d%n",
        raw.socket().getLocalPort(), plain.address().getPort(), encrypted.address().getPort());
    System.out.flush();
    serveRaw(raw, memory);
  }

  private record Held(KvBlock block) implements BorrowedBlock {
    @Override
    public void close() {}
  }

  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  /** To each four bytes, a number of blocks, answers with their bytes. */
  private static void serveRaw(ServerSocketChannel socket, List<MemorySegment> memory)
      throws IOException {
    try (SocketChannel channel = socket.accept()) {
      ByteBuffer request = ByteBuffer.allocateDirect(4);
      while (channel.read(request.clear()) == 4) {
        for (MemorySegment block : memory.subList(0, request.getInt(0))) {
          ByteBuffer bytes = block.asByteBuffer();
          while (bytes.hasRemaining()) {
            channel.write(bytes);
          }
        }
      }
    }
  }

  private static void fetch(ClusterSecret secret, TransferTls tls, String[] arguments)
      throws Exception {
    int rounds = Integer.parseInt(arguments[2]);
    List<InetSocketAddress> ports =
        IntStream.range(3, 6).mapToObj(i -> loopback(Integer.parseInt(arguments[i]))).toList();
    try (SocketChannel raw = SocketChannel.open(ports.get(0));
        BlockFetcher plain = new BlockFetcher(FetcherSettings.DEFAULT, Credentials.plain(secret));
        BlockFetcher encrypted =
            new BlockFetcher(FetcherSettings.DEFAULT, new Credentials(secret, tls))) {
      double cold = fetch(plain, ports.get(1), memory(2048 / BLOCK_TOKENS));
      System.out.printf(
          "first of all, code and connection cold: %d blocks, plain, in %.1f ms%n",
          2048 / BLOCK_TOKENS, 1e3 * cold);
      for (int tokens : List.of(2048, 8192)) {
        List<MemorySegment> memory = memory(tokens / BLOCK_TOKENS);
        List<Double> rawTimes = new ArrayList<>();
        List<Double> plainTimes = new ArrayList<>();
        List<Double> encryptedTimes = new ArrayList<>();
        for (int round = -rounds; round < rounds; round++) {
          double copied = copy(raw, memory);
          double fetched = fetch(plain, ports.get(1), memory);
          double decrypted = fetch(encrypted, ports.get(2), memory);
          if (round >= 0) {
            rawTimes.add(copied);
            plainTimes.add(fetched);
            encryptedTimes.add(decrypted);
          }
        }
        print(tokens, rawTimes, plainTimes, encryptedTimes);
      }
      print("plain", plain.speed(ports.get(1)));
      print("TLS", encrypted.speed(ports.get(2)));
    }
  }

  private static double copy(SocketChannel channel, List<MemorySegment> memory) throws IOException {
    long began = System.nanoTime();
    channel.write(ByteBuffer.allocate(4).putInt(0, memory.size()));
    for (MemorySegment block : memory) {
      ByteBuffer bytes = block.asByteBuffer();
      while (bytes.hasRemaining()) {
        channel.read(bytes);
      }
    }
    return seconds(began);
  }

  private static double fetch(
      BlockFetcher fetcher, InetSocketAddress peer, List<MemorySegment> memory) {
    Wanted wanted =
        new Wanted(LAYOUT, 0, IntStream.range(0, memory.size()).mapToObj(Transfer::name).toList());
    long began = System.nanoTime();
    Fetched fetched = fetcher.fetch(peer, wanted, memory, Duration.ofSeconds(20));
    double took = seconds(began);
    if (fetched.end() != FetchEnd.COMPLETE) {
      throw new IllegalStateException(fetched.end() + " after " + fetched.blocks().size());
    }
    return took;
  }

  private static void print(
      int tokens, List<Double> raw, List<Double> plain, List<Double> encrypted) {
    double gigabytes = tokens / BLOCK_TOKENS * (double) LAYOUT.blockBytes() / 1e9;
    System.out.printf(
        "%d tokens, %d blocks of %d bytes: raw socket %.2f GB/s, plain %.2f GB/s, TLS %.2f GB/s"
            + " (medians of %d)%n",
        tokens,
        tokens / BLOCK_TOKENS,
        LAYOUT.blockBytes(),
        gigabytes / median(raw),
        gigabytes / median(plain),
        gigabytes / median(encrypted),
        raw.size());
    System.out.printf(
        "  of the raw socket, round by round: plain %.3f, TLS %.3f (medians); %.1f ms, %.1f ms,"
            + " %.1f ms%n",
        median(ratios(raw, plain)),
        median(ratios(raw, encrypted)),
        1e3 * median(raw),
        1e3 * median(plain),
        1e3 * median(encrypted));
  }

  private static void print(String name, PeerSpeed speed) {
    System.out.printf(
        "  estimate at the end, %s: %.2f GB/s, round trip %d us%n",
        name, speed.bytesPerSecond() / 1e9, speed.roundTrip().toNanos() / 1000);
  }

  private static List<Double> ratios(List<Double> raw, List<Double> times) {
    return IntStream.range(0, raw.size()).mapToObj(i -> raw.get(i) / times.get(i)).toList();
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }
}
