package io.sampo.engines.modelstore.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import io.sampo.engines.modelstore.download.FileServer.Request;
import java.io.IOException;
import java.net.ProxySelector;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class DownloaderTest {

  private static final int RANGE = 10_000;
  private static final byte[] OLD = bytes(1, 123_456);
  private static final byte[] NEW = bytes(2, 123_456);
  private static final DownloadSettings SETTINGS =
      new DownloadSettings(
          4, RANGE, Duration.ofSeconds(20), Duration.ofSeconds(20), 3, Duration.ofMillis(1));

  @TempDir Path folder;
  private FileServer server;
  private FileServer other;
  private Path partial;
  private DownloadSettings settings = SETTINGS;

  @BeforeEach
  void start() throws IOException {
    server = new FileServer().put("/m.gguf", OLD, "\"v1\"");
    other = new FileServer().put("/cdn", OLD, "\"v1\"");
    partial = folder.resolve("partial");
  }

  @AfterEach
  void stop() {
    server.close();
    other.close();
  }

  @Test
  void fetchesRangesInParallelAndPutsThemTogether() throws Exception {
    List<DownloadProgress> heard = new ArrayList<>();
    Fetched fetched = fetch(null, listener(heard));
    assertThat(partial).hasBinaryContent(OLD);
    assertThat(fetched.bytes()).isEqualTo(OLD.length);
    assertThat(fetched.sha256()).isEqualTo(Sha256.of(ByteBuffer.wrap(OLD)));
    assertThat(server.requests()).hasSize(1 + 13);
    assertThat(heard.getLast().complete()).isTrue();
    assertThat(folder).isDirectoryNotContaining(file -> file.toString().endsWith(".ranges"));
  }

  @Test
  void goesOnInsideARangeThatBrokeOff() throws Exception {
    server.fault(
        (exchange, number) -> {
          if (number % 2 == 1) {
            server.send(exchange, server.file("/m.gguf"), 4_000);
            return true;
          }
          return false;
        });
    fetch(null);
    assertThat(partial).hasBinaryContent(OLD);
    assertThat(server.requests()).anyMatch(request -> request.range().contains("4000-"));
  }

  @Test
  void resumesWhatAnEarlierAttemptLeft() throws Exception {
    server.fault((exchange, number) -> number > 6 && status(exchange, 503));
    assertThat(failure(null).kind()).isEqualTo(Kind.SOURCE_UNREACHABLE);
    server.fault((exchange, number) -> false).forgetRequests();
    List<DownloadProgress> heard = new ArrayList<>();
    fetch(null, listener(heard));
    assertThat(partial).hasBinaryContent(OLD);
    assertThat(heard.getFirst().resumedBytes())
        .isPositive()
        .isEqualTo(heard.getFirst().doneBytes());
    long asked = OLD.length - heard.getFirst().resumedBytes();
    assertThat(server.requests()).hasSize(1 + (int) Math.ceilDiv(asked, (long) RANGE));
  }

  @Test
  void startsOverWhenTheSourceChangedBetweenAttempts() throws Exception {
    server.fault((exchange, number) -> number > 6 && status(exchange, 503));
    assertThat(failure(null).kind()).isEqualTo(Kind.SOURCE_UNREACHABLE);
    server.fault((exchange, number) -> false).put("/m.gguf", NEW, "\"v2\"");
    fetch(null);
    assertThat(partial).hasBinaryContent(NEW);
  }

  @Test
  void startsOverWhenTheSourceChangesUnderway() throws Exception {
    AtomicBoolean changed = new AtomicBoolean();
    server.fault(
        (exchange, number) -> {
          if (number == 5 && changed.compareAndSet(false, true)) {
            server.put("/m.gguf", NEW, "\"v2\"");
          }
          return false;
        });
    assertThat(fetch(null).sha256()).isEqualTo(Sha256.of(ByteBuffer.wrap(NEW)));
    assertThat(partial).hasBinaryContent(NEW);
  }

  @Test
  void takesOneStreamFromAServerWithoutRanges() throws Exception {
    server.withoutRanges();
    server.fault(
        (exchange, number) -> {
          if (number == 1) {
            server.send(exchange, server.file("/m.gguf"), 50_000);
            return true;
          }
          return false;
        });
    List<DownloadProgress> heard = new ArrayList<>();
    fetch(null, listener(heard));
    assertThat(partial).hasBinaryContent(OLD);
    assertThat(server.requests()).hasSize(3);
    assertThat(heard.getLast().doneBytes()).isEqualTo(OLD.length);
  }

  @Test
  void sendsTheTokenToItsOwnHostOnly() throws Exception {
    String cdn = other.address("/cdn").toString();
    server.redirect("/m.gguf", cdn, Map.of("X-Linked-Etag", '"' + sha256(OLD) + '"'));
    fetch("secret");
    assertThat(partial).hasBinaryContent(OLD);
    assertThat(server.requests()).extracting(Request::authorization).containsOnly("Bearer secret");
    assertThat(other.requests()).hasSizeGreaterThan(10);
    assertThat(other.requests()).extracting(Request::authorization).containsOnly("");
  }

  /** All streams ask for their first range before any of them is answered. */
  @Test
  void asksAnewWhenARedirectedAddressExpires() throws Exception {
    CyclicBarrier all = new CyclicBarrier(SETTINGS.streams());
    server.redirect("/m.gguf", other.address("/cdn").toString(), Map.of());
    other.fault(
        (exchange, number) ->
            number >= 1 && number <= SETTINGS.streams() && together(all) && status(exchange, 403));
    fetch(null);
    assertThat(partial).hasBinaryContent(OLD);
    assertThat(server.requests()).hasSizeGreaterThan(SETTINGS.streams());
  }

  private static boolean together(CyclicBarrier all) throws IOException {
    try {
      all.await(20, TimeUnit.SECONDS);
      return true;
    } catch (InterruptedException | BrokenBarrierException | TimeoutException alone) {
      throw new IOException("the other requests did not come", alone);
    }
  }

  @Test
  void saysWhatToDoWhenTheSourceRefuses() throws Exception {
    server.fault((exchange, number) -> status(exchange, 401));
    ModelStoreException refused = failure(null);
    assertThat(refused.kind()).isEqualTo(Kind.ACCESS_DENIED);
    assertThat(refused).hasMessageContaining("set HF_TOKEN").hasMessageContaining("401");
    server.fault((exchange, number) -> status(exchange, 403));
    assertThat(failure("t")).hasMessageContaining("refuses the token");
    server.fault((exchange, number) -> status(exchange, 404));
    assertThat(failure(null).kind()).isEqualTo(Kind.NOT_FOUND);
    assertThat(partial).doesNotExist();
  }

  @Test
  void removesAFileWithTheWrongDigest() {
    server.redirect(
        "/m.gguf",
        other.address("/cdn").toString(),
        Map.of("X-Linked-Etag", '"' + sha256(NEW) + '"'));
    assertThat(failure(null).kind()).isEqualTo(Kind.DIGEST_MISMATCH);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void givesUpOnAServerThatStalls() {
    settings =
        new DownloadSettings(
            2, RANGE, Duration.ofSeconds(20), Duration.ofMillis(300), 2, Duration.ofMillis(1));
    server.fault(
        (exchange, number) -> {
          if (number > 0) {
            server.send(exchange, server.file("/m.gguf"), number == 1 ? 100 : 0);
            server.hang();
          }
          return number > 0;
        });
    ModelStoreException stalled = failure(null);
    assertThat(stalled.kind()).isEqualTo(Kind.SOURCE_UNREACHABLE);
    assertThat(stalled).hasMessageContaining("no bytes for 300 ms").hasMessageContaining("is kept");
  }

  @Test
  void refusesAnswersThatCannotBeRight() {
    server.fault(
        (exchange, number) -> {
          exchange.getResponseHeaders().add("Content-Encoding", "gzip");
          return false;
        });
    assertThat(failure(null)).hasMessageContaining("encoded as gzip");
    server.fault((exchange, number) -> false);
    server.redirect("/m.gguf", "/m.gguf", Map.of());
    assertThat(failure(null)).hasMessageContaining("redirects more than 8 times");
    server.redirect("/m.gguf", "file:///etc/passwd", Map.of());
    assertThat(failure(null).kind()).isEqualTo(Kind.SOURCE_INVALID);
  }

  @Test
  void refusesAFileThatDoesNotFitTheDiskBeforeFetchingIt() {
    server.fault(
        (exchange, number) -> {
          exchange.getResponseHeaders().add("Content-Range", "bytes 0-0/" + (1L << 58));
          exchange.sendResponseHeaders(206, 1);
          exchange.getResponseBody().write(0);
          return true;
        });
    assertThat(failure(null).kind()).isEqualTo(Kind.NO_SPACE);
    assertThat(partial).doesNotExist();
  }

  @Test
  void refusesASizeThatDiffersFromTheAnnouncedOne() {
    try (HttpSource source = source(null)) {
      RemoteFile file = new RemoteFile("m", server.address("/m.gguf"), 7, null);
      assertThatThrownBy(
              () -> new Downloader(source, settings).fetch(file, partial, DownloadListener.SILENT))
          .hasMessageContaining("announced were 7");
    }
  }

  private ModelStoreException failure(@Nullable String token) {
    return catchThrowableOfType(ModelStoreException.class, () -> fetch(token));
  }

  private Fetched fetch(@Nullable String token) throws Exception {
    return fetch(token, DownloadListener.SILENT);
  }

  private Fetched fetch(@Nullable String token, DownloadListener listener) throws Exception {
    try (HttpSource source = source(token)) {
      RemoteFile file = new RemoteFile("m.gguf", server.address("/m.gguf"), -1, null);
      return new Downloader(source, settings).fetch(file, partial, listener);
    }
  }

  private HttpSource source(@Nullable String token) {
    Credential credential = token == null ? null : new Credential(server.address("/"), token);
    return new HttpSource(ProxySelector.of(null), settings, credential);
  }

  private static DownloadListener listener(List<DownloadProgress> heard) {
    return new DownloadListener() {
      @Override
      public void onWaiting(String reason) {}

      @Override
      public void onProgress(DownloadProgress progress) {
        heard.add(progress);
      }
    };
  }

  private static boolean status(HttpExchange exchange, int status) throws IOException {
    exchange.sendResponseHeaders(status, -1);
    return true;
  }

  private static String sha256(byte[] bytes) {
    return Sha256.of(ByteBuffer.wrap(bytes));
  }

  private static byte[] bytes(long seed, int count) {
    byte[] bytes = new byte[count];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
