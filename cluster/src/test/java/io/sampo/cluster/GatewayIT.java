package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * HTTP to a simulated engine and back, through the whole actor path of one node. The engine has few
 * places, so that a place which is not given back shows at once.
 */
@Timeout(120)
class GatewayIT {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int PLACES = 4;
  private static final String CHAT = "/v1/chat/completions";

  /** An answer that would run for many minutes. */
  private static final String ENDLESS =
      "{\"messages\":[{\"role\":\"user\",\"content\":\"tell\"}],\"stream\":%s,\"ignore_eos\":true}";

  private TestNode node;

  private void start(String overrides, Map<String, String> engine) throws Exception {
    node = TestNode.start(TestNode.simulated(PLACES, engine), overrides);
  }

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void answersTheSameSeedWithTheSameTextWholeAndStreamed() throws Exception {
    start("", Map.of());
    String ask =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"seed\":7,\"max_tokens\":40,\"stream\":%s}";
    JsonNode whole = JSON.readTree(node.post(CHAT, ask.formatted(false)).body());
    String text = whole.at("/choices/0/message/content").stringValue();
    assertThat(text).isNotEmpty();
    assertThat(whole.at("/usage/completion_tokens").intValue()).isEqualTo(40);
    assertThat(whole.at("/choices/0/finish_reason").stringValue()).isEqualTo("length");
    HttpResponse<String> stream = node.post(CHAT, ask.formatted(true));
    assertThat(stream.headers().firstValue("x-sampo-replica")).contains("sim#0");
    assertThat(stream.headers().firstValue("x-sampo-simulated")).contains("true");
    StringBuilder streamed = new StringBuilder();
    for (String line : stream.body().lines().filter(l -> l.startsWith("data: {")).toList()) {
      streamed.append(JSON.readTree(line.substring(6)).at("/choices/0/delta/content").asString(""));
    }
    assertThat(streamed).hasToString(text);
  }

  @Test
  void refusesWhatOnlyTheModelCanJudge() throws Exception {
    start("", Map.of("context", "100"));
    HttpResponse<String> answer =
        node.post(
            "/v1/completions", "{\"prompt\":" + JSON.writeValueAsString("word ".repeat(500)) + "}");
    assertThat(answer.statusCode()).isEqualTo(400);
    JsonNode error = JSON.readTree(answer.body()).get("error");
    assertThat(error.get("code").stringValue()).isEqualTo("context_length_exceeded");
    assertThat(error.get("message").stringValue())
        .matches("This model's maximum context is 100 tokens; the request needs \\d{3,}\\.");
    refusesAGap("/v1/completions", "suffix", "{\"prompt\":\"a\",\"suffix\":\"b\"}");
    refusesAGap(
        "/infill", "model", "{\"input_prefix\":\"a\",\"input_suffix\":\"b\",\"stream\":true}");
    serves(2);
  }

  private void refusesAGap(String path, String param, String body) throws Exception {
    HttpResponse<String> refused = node.post(path, body);
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body())
        .isEqualTo(
            "{\"error\":{\"message\":\"The model 'sim' cannot fill a gap: its vocabulary has no"
                + " token for the prefix, the suffix, the middle. Choose a model that was trained"
                + " for it.\",\"type\":\"invalid_request_error\",\"param\":\""
                + param
                + "\",\"code\":\"unsupported_parameter\"}}");
  }

  @Test
  void givesPlacesBackWhateverTheClientWasDoingWhenItLeft() throws Exception {
    start("", Map.of("profile", "cpu-2core", "context", "131072"));
    for (int round = 0; round < 5; round++) {
      for (int i = 0; i < PLACES; i++) {
        open(ENDLESS.formatted(false)).close();
      }
      List<Socket> reset = new ArrayList<>();
      for (int i = 0; i < 2 * PLACES; i++) {
        reset.add(open(ENDLESS.formatted(i % 2 == 0)));
      }
      try (Socket during = open(ENDLESS.formatted(true))) {
        for (Socket one : reset) {
          one.setSoLinger(true, 0);
          one.close();
        }
        assertThat(lines(during).filter(line -> line.contains("content")).limit(20)).hasSize(20);
      }
      Socket after =
          open("{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"max_tokens\":1}");
      assertThat(lines(after).findFirst()).hasValueSatisfying(l -> assertThat(l).contains("200"));
      after.close();
    }
    serves(PLACES);
  }

  @Test
  void cutsAReaderThatStopsAndServesTheOthersMeanwhile() throws Exception {
    Duration writeTimeout = Duration.ofSeconds(2);
    start(
        """
        actors.generation.reader-stall-limit = 1 s
        cluster.gateway.write-timeout = 2 s
        cluster.gateway.http.socket-options.so-send-buffer-size = 16k
        """,
        Map.of("context", "131072", "tokens-per-step", "64"));
    List<Socket> stalled = new ArrayList<>();
    for (int i = 0; i < PLACES; i++) {
      Socket socket = open(ENDLESS.formatted(true));
      assertThat(socket.getInputStream().read()).isEqualTo('H');
      stalled.add(socket);
    }
    serves(PLACES);
    Awaitility.await().pollDelay(writeTimeout.multipliedBy(2)).until(() -> true);
    for (Socket socket : stalled) {
      String taken = untilCut(socket);
      assertThat(taken).startsWith("TTP/1.1 200 OK").doesNotContain("[DONE]");
      assertThat(taken.length()).isLessThan(16 << 20);
      socket.close();
    }
  }

  private static String untilCut(Socket socket) throws IOException {
    ByteArrayOutputStream taken = new ByteArrayOutputStream();
    try {
      socket.getInputStream().transferTo(taken);
    } catch (SocketException _) {
      // A cut connection may end with a reset.
    }
    return taken.toString(StandardCharsets.UTF_8);
  }

  @Test
  void losesNoneOfTenThousandRequests() throws Exception {
    start(
        """
        actors.admission.max-requests = 24
        actors.scheduler.waiting-bound = 8
        """,
        Map.of());
    int total = 10_000;
    int clients = 32;
    AtomicInteger next = new AtomicInteger();
    Map<String, LongAdder> outcomes = new ConcurrentHashMap<>();
    Callable<Void> one =
        () -> {
          for (int i = next.getAndIncrement(); i < total; i = next.getAndIncrement()) {
            String ask =
                "{\"prompt\":\"p%d\",\"max_tokens\":4,\"ignore_eos\":true,\"stream\":%s}"
                    .formatted(i, i % 3 == 0);
            outcomes.computeIfAbsent(outcome(ask), key -> new LongAdder()).increment();
          }
          return null;
        };
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Void> done : threads.invokeAll(Collections.nCopies(clients, one))) {
        done.get();
      }
    }
    assertThat(outcomes.keySet()).isSubsetOf("served", "refused");
    assertThat(outcomes.values().stream().mapToLong(LongAdder::sum).sum()).isEqualTo(total);
    assertThat(outcomes.get("served").sum()).isGreaterThan(total / 10);
    serves(PLACES);
  }

  private String outcome(String ask) throws IOException, InterruptedException {
    HttpResponse<String> answer = node.post("/v1/completions", ask);
    if (answer.statusCode() == 503 && answer.headers().firstValue("retry-after").isPresent()) {
      return "refused";
    }
    boolean ended =
        answer.body().contains("\"finish_reason\":\"length\"")
            && (answer.body().startsWith("{") || answer.body().endsWith("data: [DONE]\n\n"));
    return answer.statusCode() == 200 && ended ? "served" : answer.statusCode() + answer.body();
  }

  @Test
  void endsAStreamWithAnErrorWhenItIsStoppedAndTheStreamDoesNotEnd() throws Exception {
    start("", Map.of("profile", "cpu-2core", "context", "131072"));
    try (Socket socket = open(ENDLESS.formatted(true))) {
      var lines = lines(socket).iterator();
      while (!lines.next().contains("content")) {
        assertThat(lines.hasNext()).isTrue();
      }
      Thread stopper = Thread.ofVirtual().start(node.node()::close);
      String last = "";
      while (lines.hasNext()) {
        String line = lines.next();
        last = line.startsWith("data:") ? line : last;
      }
      assertThat(last).contains("\"code\":\"draining\"");
      assertThat(stopper.join(Duration.ofSeconds(30))).isTrue();
    }
  }

  /** So many good requests at once are answered soon: none of the engine's places is lost. */
  private void serves(int atOnce) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < atOnce; i++) {
        answers.add(
            threads.submit(
                () -> node.post("/v1/completions", "{\"prompt\":\"x\",\"max_tokens\":3}")));
      }
      for (Future<HttpResponse<String>> answer : answers) {
        assertThat(answer.get().statusCode()).as(answer.get().body()).isEqualTo(200);
      }
    }
  }

  /** A chat request over a socket with a small window, which nobody reads yet. */
  private Socket open(String body) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4096);
    socket.setSoTimeout(30_000);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), node.port()));
    String request =
        "POST "
            + CHAT
            + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static Stream<String> lines(Socket socket) throws IOException {
    return new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
        .lines();
  }
}
