package io.sampo.cluster.gateway;

import static io.sampo.cluster.gateway.TestGateway.ASK;
import static io.sampo.cluster.gateway.TestGateway.ASK_STREAM;
import static io.sampo.cluster.gateway.TestGateway.CHAT;
import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.generation.GenerationEvent.Reason;
import io.sampo.cluster.gateway.ScriptedAdmission.Talk;
import io.sampo.cluster.gateway.http.ApiKeys;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.pekko.Done;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Time on both sides: readers that stop, clients that never begin, a gateway that is stopped. */
@Timeout(60)
class SlowReaderTest {

  private static final int CREDIT = 8;
  private static final int CHUNKS_AT_ONCE = 100;

  private final TestGateway gateway =
      new TestGateway(
          """
          cluster.gateway {
            stream-credit = 8
            write-timeout = 2 s
            header-timeout = 500 ms
            idle-timeout = 1 s
          }
          """,
          ApiKeys.open());

  @AfterEach
  void stop() {
    gateway.close();
  }

  @Test
  void givesNoCreditToAReaderThatStopsAndCutsItAtLast() throws Exception {
    String piece = "x".repeat(64 * 1024);
    try (Socket socket = gateway.rawPost(CHAT, ASK_STREAM)) {
      Talk talk = gateway.begun();
      int sent = 1;
      while (!talk.hungUp.isDone()) {
        if (sent < CREDIT + talk.granted.get()) {
          talk.text(0, piece);
          sent++;
        } else {
          Thread.onSpinWait();
        }
      }
      assertThat(sent * (long) piece.length()).isLessThan(64L << 20);
      assertThat(socket.isConnected()).isTrue();
    }
    Awaitility.await().until(() -> gateway.gateway.runningAnswers() == 0);
    serves();
  }

  @Test
  void paysCreditBackAsTheReaderReads() throws Exception {
    CompletableFuture<HttpResponse<String>> answer =
        gateway.client.sendAsync(
            gateway.post(CHAT, ASK_STREAM).build(), HttpResponse.BodyHandlers.ofString());
    Talk talk = gateway.begun();
    for (int sent = 1; sent < 1000; sent++) {
      int used = sent;
      Awaitility.await()
          .pollInterval(Duration.ofMillis(1))
          .until(() -> used < CREDIT + talk.granted.get());
      talk.text(0, "word ");
    }
    talk.finished(0, Reason.STOP).completed(999);
    assertThat(answer.get().body().split("word ", -1)).hasSize(1000);
  }

  /** Of both ways into the socket, changed again and again because it is full. */
  @Test
  void whatASlowReaderGetsIsWhatWasSaidInItsOrder() throws Exception {
    int pieces = 6000;
    List<String> said =
        new Random(7)
            .ints(pieces, 1, 20_000)
            .mapToObj(length -> "<" + length + "x".repeat(length) + ">")
            .toList();
    Semaphore mayRead = new Semaphore(0);
    CompletableFuture<String> read = new CompletableFuture<>();
    try (Socket socket = gateway.rawPost(CHAT, ASK_STREAM)) {
      Thread.ofVirtual().start(() -> read.complete(readByChunks(socket, mayRead)));
      Talk talk = gateway.begun();
      int carried = 0;
      for (String piece : said) {
        if (talk.carry(0, piece)) {
          carried++;
          continue;
        }
        mayRead.release(CHUNKS_AT_ONCE);
        Awaitility.await().pollInterval(Duration.ofMillis(1)).until(talk::hasCredit);
        talk.text(0, piece);
      }
      mayRead.release(pieces);
      Awaitility.await("the shortcut to open again").until(() -> talk.carry(0, "<last>"));
      talk.finished(0, Reason.STOP).completed(pieces);
      assertThat(carried).isBetween(pieces / 100, pieces - pieces / 300);
      assertThat(texts(read.get())).isEqualTo(String.join("", said) + "<last>");
    }
  }

  private static String readByChunks(Socket socket, Semaphore mayRead) {
    try {
      InputStream in = socket.getInputStream();
      readUntil(socket, "\r\n\r\n");
      StringBuilder body = new StringBuilder();
      for (int size = chunkSize(in); size > 0; size = chunkSize(in)) {
        mayRead.acquireUninterruptibly();
        body.append(new String(in.readNBytes(size), StandardCharsets.UTF_8));
        assertThat(in.readNBytes(2)).asString(StandardCharsets.US_ASCII).isEqualTo("\r\n");
      }
      return body.toString();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static int chunkSize(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b != '\r'; b = in.read()) {
      line.append((char) b);
    }
    in.read();
    return Integer.parseInt(line.toString(), 16);
  }

  private static String texts(String events) {
    return Pattern.compile("\"content\":\"([^\"]+)\"")
        .matcher(events)
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.joining());
  }

  @Test
  void closesAConnectionThatNeverBeginsOrDripsItsHead() throws Exception {
    try (Socket silent = gateway.raw("");
        Socket dripping = gateway.raw("GET /live HTTP/1.1\r\nHost: local")) {
      assertThat(silent.getInputStream().read()).isEqualTo(-1);
      assertThat(dripping.getInputStream().read()).isEqualTo(-1);
    }
    serves();
  }

  @Test
  void answersPipelinedRequestsInOrder() throws Exception {
    String get = "GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    String last = "GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    try (Socket socket = gateway.raw(get + get + last)) {
      String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(all.split("HTTP/1.1 200 OK", -1)).hasSize(4);
      assertThat(all).endsWith("{\"version\":\"1.2.3\"}");
    }
  }

  @Test
  void letsARunningAnswerFinishWhenItIsStopped() throws Exception {
    Socket other = gateway.raw("GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    readUntil(other, "\"ok\"}");
    CompletableFuture<HttpResponse<String>> answer =
        gateway.client.sendAsync(
            gateway.post(CHAT, ASK_STREAM).build(), HttpResponse.BodyHandlers.ofString());
    Talk talk = gateway.begun().text(0, "to the ");
    CompletionStage<Done> stopped = gateway.gateway.terminate(Duration.ofSeconds(20));
    Awaitility.await().until(() -> refusesConnections());
    other.getOutputStream().write(post(ASK).getBytes(StandardCharsets.US_ASCII));
    assertThat(readUntil(other, "draining")).contains("503", "Connection: close");
    talk.text(0, "end").finished(0, Reason.STOP).completed(2);
    assertThat(answer.get().body()).contains("\"end\"").endsWith("data: [DONE]\n\n");
    assertThat(stopped.toCompletableFuture()).succeedsWithin(Duration.ofSeconds(10));
  }

  @Test
  void endsWhatStillRunsAtTheDeadlineWithAnError() throws Exception {
    CompletableFuture<HttpResponse<String>> answer =
        gateway.client.sendAsync(
            gateway.post(CHAT, ASK_STREAM).build(), HttpResponse.BodyHandlers.ofString());
    Talk talk = gateway.begun().text(0, "half");
    assertThat(gateway.gateway.terminate(Duration.ofMillis(200)).toCompletableFuture())
        .succeedsWithin(Duration.ofSeconds(10));
    assertThat(answer.get().body()).contains("\"code\":\"draining\"").doesNotContain("[DONE]");
    assertThat(talk.hungUp).succeedsWithin(Duration.ofSeconds(5));
  }

  private boolean refusesConnections() {
    try {
      gateway.raw("").close();
      return false;
    } catch (IOException _) {
      return true;
    }
  }

  private static String post(String body) {
    return "POST "
        + CHAT
        + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  private static String readUntil(Socket socket, String end) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder text = new StringBuilder();
    while (text.indexOf(end) < 0) {
      int next = in.read();
      assertThat(next).as("the connection ended after: %s", text).isNotNegative();
      text.append((char) next);
    }
    return text.toString();
  }

  private void serves() throws Exception {
    gateway.admission.answerBy(talk -> talk.answer("well"));
    assertThat(gateway.send(gateway.post(CHAT, ASK)).body()).contains("\"content\":\"well\"");
  }
}
