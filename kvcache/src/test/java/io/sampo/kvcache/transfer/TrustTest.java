package io.sampo.kvcache.transfer;

import static io.sampo.kvcache.transfer.Texts.PLAIN;
import static io.sampo.kvcache.transfer.Texts.SECRET;
import static io.sampo.kvcache.transfer.Texts.anyPort;
import static io.sampo.kvcache.transfer.Texts.assertAreTheFirst;
import static io.sampo.kvcache.transfer.Texts.memory;
import static io.sampo.kvcache.transfer.Texts.names;
import static io.sampo.kvcache.transfer.Texts.secret;
import static io.sampo.kvcache.transfer.Texts.wanted;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.kvcache.block.BlockHash;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who is believed, and who is not. */
@Timeout(60)
class TrustTest {

  private static final Duration SOON = Duration.ofSeconds(20);
  private static final String PASSWORD = "password";

  @TempDir private static Path folder;

  private final List<BlockHash> names = names("tenant", 1, 40);
  private final Texts texts = new Texts().hold(names);

  @BeforeAll
  static void makeCertificates() throws Exception {
    makeIdentity("node");
    makeIdentity("stranger");
  }

  /** A key and a certificate signed with it, by the JDK's own tool, as PEM files. */
  private static void makeIdentity(String name) throws Exception {
    Path store = folder.resolve(name + ".p12");
    String command =
        "%s -genkeypair -alias one -keyalg EC -groupname secp256r1 -validity 2 -storetype PKCS12 -storepass %s -dname CN=%s -keystore %s"
            .formatted(
                Path.of(System.getProperty("java.home"), "bin", "keytool"), PASSWORD, name, store);
    Process keytool = new ProcessBuilder(command.split(" ")).inheritIO().start();
    assertThat(keytool.waitFor()).isZero();
    KeyStore made = KeyStore.getInstance("PKCS12");
    try (InputStream bytes = Files.newInputStream(store)) {
      made.load(bytes, PASSWORD.toCharArray());
    }
    writePem(name + ".pem", "CERTIFICATE", made.getCertificate("one").getEncoded());
    writePem(name + ".key", "PRIVATE KEY", made.getKey("one", PASSWORD.toCharArray()).getEncoded());
  }

  private static void writePem(String name, String what, byte[] bytes) throws IOException {
    String body = Base64.getMimeEncoder(64, "\n".getBytes(US_ASCII)).encodeToString(bytes);
    Files.writeString(
        folder.resolve(name),
        "-----BEGIN %s-----%n%s%n-----END %s-----%n".formatted(what, body, what));
  }

  private static Credentials tls(String own, String trusted) throws IOException {
    return new Credentials(
        SECRET,
        TransferTls.read(
            folder.resolve(own + ".pem"),
            folder.resolve(own + ".key"),
            folder.resolve(trusted + ".pem")));
  }

  private Fetched fetch(Credentials fetchers, Credentials servers) throws IOException {
    try (BlockServer server = BlockServer.start(ServerSettings.on(anyPort()), servers, texts);
        BlockFetcher fetcher = new BlockFetcher(FetcherSettings.DEFAULT, fetchers)) {
      return fetcher.fetch(server.address(), wanted(names), memory(40), SOON);
    }
  }

  @Test
  void bringsBlocksUnderTls() throws IOException {
    Fetched fetched = fetch(tls("node", "node"), tls("node", "node"));
    assertThat(fetched.end()).isEqualTo(FetchEnd.COMPLETE);
    assertAreTheFirst(fetched.blocks(), names);
    assertThat(fetched.blocks()).hasSize(40);
  }

  @Test
  void believesNobodyWithoutTheSecret() throws IOException {
    assertThat(fetch(Credentials.plain(secret(2)), PLAIN).end()).isEqualTo(FetchEnd.UNTRUSTED);
    Credentials otherSecret = new Credentials(secret(2), tls("node", "node").tls());
    assertThat(fetch(otherSecret, tls("node", "node")).end()).isEqualTo(FetchEnd.UNTRUSTED);
    assertThat(texts.lent.get()).isZero();
  }

  @Test
  void believesNoOtherCertificatesOnEitherSide() throws IOException {
    assertThat(fetch(tls("node", "stranger"), tls("node", "node")).end())
        .isEqualTo(FetchEnd.UNTRUSTED);
    assertThat(fetch(tls("stranger", "node"), tls("node", "node")).end())
        .isIn(FetchEnd.UNTRUSTED, FetchEnd.UNREACHABLE);
    assertThat(texts.lent.get()).isZero();
  }

  @Test
  void doesNotMixPlainAndTls() throws IOException {
    assertThat(fetch(PLAIN, tls("node", "node")).end())
        .isIn(FetchEnd.UNTRUSTED, FetchEnd.UNREACHABLE);
    assertThat(fetch(tls("node", "node"), PLAIN).end())
        .isIn(FetchEnd.UNTRUSTED, FetchEnd.UNREACHABLE);
    assertThat(texts.lent.get()).isZero();
  }

  @Test
  void noticesSomebodyBetweenWhoHasACertificateAndNotTheSecret() throws Exception {
    Credentials node = tls("node", "node");
    TransferTls between = Objects.requireNonNull(tls("node", "node").tls());
    try (BlockServer server = BlockServer.start(ServerSettings.on(anyPort()), node, texts);
        ServerSocketChannel socket = ServerSocketChannel.open().bind(anyPort());
        BlockFetcher fetcher = new BlockFetcher(FetcherSettings.DEFAULT, node)) {
      Thread.startVirtualThread(() -> relay(socket, server.address(), between));
      InetSocketAddress address = (InetSocketAddress) socket.getLocalAddress();
      Fetched fetched = fetcher.fetch(address, wanted(names), memory(40), SOON);
      assertThat(fetched.end()).isEqualTo(FetchEnd.UNTRUSTED);
    }
    assertThat(texts.lent.get()).isZero();
  }

  /** Has a TLS session to each side and passes on what it decrypts. */
  private static void relay(ServerSocketChannel socket, InetSocketAddress server, TransferTls tls) {
    try (SocketChannel accepted = socket.accept();
        SocketChannel behind = SocketChannel.open(server)) {
      Wire fetcher = TlsWire.over(new PlainWire(accepted), tls.serverEngine());
      Wire served = TlsWire.over(new PlainWire(behind), tls.clientEngine());
      Thread back = Thread.startVirtualThread(() -> pass(served, fetcher));
      pass(fetcher, served);
      back.join();
    } catch (IOException | InterruptedException over) {
      // One of them noticed.
    }
  }

  private static void pass(Wire from, Wire to) {
    try (from;
        to) {
      ByteBuffer bytes = ByteBuffer.allocate(1 << 14);
      while (true) {
        from.read(bytes.clear());
        to.write(bytes.flip());
      }
    } catch (IOException over) {
      // Likewise.
    }
  }

  @Test
  void outlivesGarbageInPlaceOfTls() throws IOException {
    Random random = new Random(8);
    try (BlockServer server =
        BlockServer.start(ServerSettings.on(anyPort()), tls("node", "node"), texts)) {
      for (int i = 0; i < 100; i++) {
        try (SocketChannel stranger = SocketChannel.open(server.address())) {
          byte[] garbage = new byte[random.nextInt(5, 40_000)];
          random.nextBytes(garbage);
          // A record of a handshake, as long as it may be or longer.
          ByteBuffer.wrap(garbage).put(new byte[] {22, 3, 3}).putShort((short) (i * 500));
          stranger.write(ByteBuffer.wrap(garbage));
          stranger.shutdownOutput();
        }
      }
      Texts.soon().until(() -> server.stats().untrusted() + server.stats().refused() >= 100);
      Texts.soon().until(() -> server.stats().strangers() == 0);
      try (BlockFetcher fetcher = new BlockFetcher(FetcherSettings.DEFAULT, tls("node", "node"))) {
        assertThat(fetcher.fetch(server.address(), wanted(names), memory(40), SOON).end())
            .isEqualTo(FetchEnd.COMPLETE);
      }
    }
  }

  @Test
  void makesASecretForItsOwnerAloneAndReadsItAgain() throws IOException {
    Path file = folder.resolve("secret");
    byte[] salt = {1};
    byte[] derived = ClusterSecret.readOrMake(file).derive(salt, salt);
    assertThat(ClusterSecret.readOrMake(file).derive(salt, salt)).isEqualTo(derived);
    assertThat(ClusterSecret.read(file).derive(salt, new byte[] {2})).isNotEqualTo(derived);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (var left = Files.list(folder)) {
      assertThat(left.filter(one -> one.getFileName().toString().startsWith("secret"))).hasSize(1);
    }
  }

  @Test
  void aSecretThatOthersMayReadOrChangeIsRefused() throws IOException {
    Path file = folder.resolve("open-secret");
    ClusterSecret.readOrMake(file);
    for (String open : List.of("rw-r--r--", "rw-rw----", "rw-----w-")) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(open));
      assertThatThrownBy(() -> ClusterSecret.read(file)).hasMessageContaining("chmod 600");
    }
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r-----"));
    assertThat(ClusterSecret.read(file).tenantSalt("a"))
        .isEqualTo(ClusterSecret.read(file).tenantSalt("a"))
        .isNotEqualTo(ClusterSecret.read(file).tenantSalt("b"));
  }

  @Test
  void saysWhichFileIsNoneOfWhatItMustBe() throws IOException {
    Path file = Files.writeString(folder.resolve("notes"), "nothing secret");
    assertThatThrownBy(() -> ClusterSecret.read(file)).hasMessageContaining("notes has 14 bytes");
    assertThatThrownBy(() -> TransferTls.read(file, file, file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("notes");
    assertThatThrownBy(() -> TransferTls.read(folder.resolve("node.pem"), file, file))
        .hasMessageContaining("notes has no key");
  }
}
