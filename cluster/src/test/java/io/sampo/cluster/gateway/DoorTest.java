package io.sampo.cluster.gateway;

import static io.sampo.cluster.gateway.TestGateway.ASK;
import static io.sampo.cluster.gateway.TestGateway.CHAT;
import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.gateway.http.ApiKeys;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Who and what is let in at all. */
@Timeout(60)
class DoorTest {

  private static TestGateway gateway;

  @BeforeAll
  static void start() {
    gateway = new TestGateway("cluster.gateway.max-body-bytes = 64 KiB", ApiKeys.open());
  }

  @AfterAll
  static void stop() {
    gateway.close();
  }

  @BeforeEach
  void answerEverything() {
    gateway.admission.answerBy(talk -> talk.answer("well"));
  }

  @ParameterizedTest
  @CsvSource({
    "localhost:1, , 200",
    "LOCALHOST, , 200",
    "127.0.0.1, , 200",
    "[::1]:80, , 200",
    "gpu.example:8080, , 200",
    "evil.example, , 421",
    "10.0.0.1, , 421",
    "localhost:8080, http://localhost:8080, 200",
    "localhost:8080, http://evil.example, 403",
    "localhost:8080, null, 403",
    "localhost:8080, http://localhost:81, 403"
  })
  void letsInKnownHostsAndTheSameOriginOnly(String host, String origin, int status)
      throws Exception {
    String head = "GET /live HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n";
    String answer = raw(origin == null ? head : head + "Origin: " + origin + "\r\n");
    assertThat(answer)
        .startsWith("HTTP/1.1 " + status + " ")
        .doesNotContainIgnoringCase("access-control");
    if (status == 421) {
      assertThat(answer).contains("\"code\":\"misdirected_request\"");
    }
  }

  @Test
  void servesAnOldClientThatNamesNoHost() throws Exception {
    try (Socket socket = gateway.raw("GET /live HTTP/1.0\r\n\r\n")) {
      assertThat(text(socket)).startsWith("HTTP/1.1 200 ");
    }
    try (Socket socket =
        gateway.raw(
            "POST "
                + CHAT
                + " HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: "
                + ASK.length()
                + "\r\n\r\n"
                + ASK)) {
      assertThat(text(socket)).startsWith("HTTP/1.1 200 ").endsWith("}");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /v1/chat/completions, 405",
    "DELETE, /v1/models, 405",
    "GET, /v1/embeddings, 405",
    "GET, /rerank, 405",
    "OPTIONS, /v1/chat/completions, 405",
    "POST, /, 405",
    "HEAD, /, 200",
    "GET, /index.html, 404",
    "GET, /assets/, 404",
    "GET, /assets/..%2Ffiles, 404",
    "POST, /v1/chat/completions/, 404",
    "POST, /v1/images, 404",
    "GET, /v1/models/other, 404",
    "HEAD, /health, 200"
  })
  void answersKnownPathsByTheirMethodOnly(String method, String path, int status) throws Exception {
    HttpResponse<String> answer =
        gateway.send(gateway.request(path).method(method, HttpRequest.BodyPublishers.noBody()));
    assertThat(answer.statusCode()).isEqualTo(status);
    if (status == 405) {
      assertThat(answer.headers().firstValue("allow")).isPresent();
    }
    assertThat(answer.headers().firstValue("server")).isEmpty();
  }

  @Test
  void wantsJsonThatIsNotCompressed() throws Exception {
    HttpRequest.BodyPublisher body = HttpRequest.BodyPublishers.ofString(ASK);
    assertThat(gateway.send(gateway.request(CHAT).POST(body)).statusCode()).isEqualTo(415);
    assertThat(
            gateway
                .send(gateway.request(CHAT).header("content-type", "text/plain").POST(body))
                .statusCode())
        .isEqualTo(415);
    assertThat(
            gateway.send(gateway.post(CHAT, ASK).header("content-encoding", "gzip")).statusCode())
        .isEqualTo(415);
    assertThat(
            gateway
                .send(
                    gateway
                        .request(CHAT)
                        .header("content-type", "application/json; charset=utf-8")
                        .POST(body))
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void refusesBodiesThatAreTooLarge() throws Exception {
    HttpResponse<String> answer = gateway.send(gateway.post(CHAT, " ".repeat(64 * 1024) + ASK));
    assertThat(answer.statusCode()).isEqualTo(413);
    assertThat(answer.body()).contains("larger than 65536 bytes", "request_too_large");
    assertThat(gateway.send(gateway.post(CHAT, " ".repeat(60 * 1024) + ASK)).statusCode())
        .isEqualTo(200);
    String chunks =
        "POST "
            + CHAT
            + " HTTP/1.1\r\n"
            + "Host: localhost\r\n"
            + "Connection: close\r\n"
            + "Content-Type: application/json\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n"
            + "1\r\n \r\n".repeat(2000)
            + "0\r\n\r\n";
    try (Socket socket = gateway.raw(chunks)) {
      assertThat(text(socket)).startsWith("HTTP/1.1 413 ");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      textBlock =
          """
          POST /tokenize HTTP/1.1|Host: localhost|Content-Length: 2|Content-Length: 3||{} ! 400 malformed_http
          POST /tokenize HTTP/1.1|Host: localhost|Transfer-Encoding: chunked, identity||0|| ! 400 malformed_http
          TRACE /live HTTP/1.1|Host: localhost|Content-Length: 2||{} ! 400 malformed_http
          GET /live HTTP/1.1|Host: localhost|"quoted: x|| ! 400 malformed_http
          GET /li<ve HTTP/1.1|Host: localhost|| ! 400 malformed_http
          GET /live HTTP/1.1|Host: localhost| folded: x|| ! 400 malformed_http
          GET /live HTTP/1.1|| ! 400 malformed_http
          GET /live HTTP/9.9|Host: localhost|| ! 505 http_version_not_supported
          rubbish rubbish rubbish|| ! 501 method_not_implemented
          """)
  void refusesMalformedHttpOnceInJsonAndCloses(String lines, String answer) throws Exception {
    assertIsRefused(lines.replace("|", "\r\n"), answer);
  }

  @Test
  void refusesAnAddressOrAHeaderThatIsTooLong() throws Exception {
    String end = " HTTP/1.1\r\nHost: localhost\r\n";
    assertIsRefused("GET /" + "a".repeat(5000) + end + "\r\n", "414 uri_too_long");
    assertIsRefused(
        "GET /live" + end + "X-A: " + "a".repeat(20_000) + "\r\n\r\n", "431 headers_too_large");
  }

  private static void assertIsRefused(String request, String answer) throws Exception {
    String[] expected = answer.split(" ", 2);
    try (Socket socket = gateway.raw(request)) {
      String[] head = text(socket).split("\r\n\r\n", 2);
      assertThat(head[0])
          .startsWith("HTTP/1.1 " + expected[0] + " ")
          .containsIgnoringCase("\r\nx-request-id: req-")
          .containsIgnoringCase("\r\nconnection: close");
      JsonNode error = TestGateway.JSON.readTree(head[1]).get("error");
      assertThat(error.get("code").stringValue()).isEqualTo(expected[1]);
      assertThat(error.get("type").stringValue()).isEqualTo("invalid_request_error");
    }
  }

  @Test
  void asksForAKeyEverywhereButForHealth() throws Exception {
    try (TestGateway closed = new TestGateway("", ApiKeys.of(List.of("k1", "k2")))) {
      closed.admission.answerBy(talk -> talk.answer("well"));
      for (String path : List.of("/health", "/live", "/ready", "/version")) {
        assertThat(closed.send(closed.request(path)).statusCode()).isEqualTo(200);
      }
      for (String path : List.of("/v1/models", "/stats", "/nothing", CHAT, "/tokenize")) {
        HttpResponse<String> answer = closed.send(closed.request(path));
        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(answer.headers().firstValue("www-authenticate")).contains("Bearer");
      }
      String missing = closed.send(closed.post(CHAT, ASK)).body();
      for (String wrong : List.of("Bearer k3", "Bearer", "k1", "Basic k1", "Bearer k1 k2")) {
        HttpResponse<String> answer =
            closed.send(closed.post(CHAT, ASK).header("authorization", wrong));
        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(answer.body()).isEqualTo(missing);
      }
      assertThat(
              closed.send(closed.post(CHAT, ASK).header("authorization", "Bearer k2")).statusCode())
          .isEqualTo(200);
      assertThat(closed.send(closed.post(CHAT, ASK).header("x-api-key", "k1")).statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void saysWhyItIsNotReadyAndStaysAlive() throws Exception {
    gateway.notReady = Optional.of("loading the model");
    try {
      for (String path : List.of("/health", "/ready")) {
        HttpResponse<String> answer = gateway.send(gateway.request(path));
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).isEqualTo("{\"status\":\"loading the model\"}");
      }
      assertThat(gateway.send(gateway.request("/live")).statusCode()).isEqualTo(200);
    } finally {
      gateway.notReady = Optional.empty();
    }
    assertThat(gateway.send(gateway.request("/ready")).statusCode()).isEqualTo(200);
  }

  @Test
  void listsModelsByEveryName() throws Exception {
    assertThat(gateway.json(gateway.request("/v1/models")).at("/data").valueStream())
        .extracting(model -> model.get("id").stringValue())
        .containsExactly("m", "alias/of:m");
    assertThat(gateway.json(gateway.request("/v1/models/alias%2Fof:m")).get("id").stringValue())
        .isEqualTo("alias/of:m");
  }

  @Test
  void tokenizesAndBack() throws Exception {
    assertThat(gateway.send(gateway.post("/tokenize", "{\"content\":\"aé\"}")).body())
        .isEqualTo("{\"tokens\":[97,195,169]}");
    assertThat(
            gateway
                .send(gateway.post("/tokenize", "{\"prompt\":\"aé\",\"with_pieces\":true}"))
                .body())
        .isEqualTo(
            "{\"tokens\":[{\"id\":97,\"piece\":\"a\"},{\"id\":195,\"piece\":[195]},{\"id\":169,\"piece\":[169]}]}");
    assertThat(gateway.send(gateway.post("/detokenize", "{\"tokens\":[97,195,169]}")).body())
        .isEqualTo("{\"content\":\"aé\"}");
    assertThat(gateway.send(gateway.post("/detokenize", "{\"tokens\":[]}")).body())
        .isEqualTo("{\"content\":\"\"}");
    assertThat(gateway.send(gateway.post("/detokenize", "{\"tokens\":[-1]}")).body())
        .contains("invalid_token_id");
    assertThat(gateway.send(gateway.post("/tokenize", "{}")).statusCode()).isEqualTo(400);
  }

  private static String raw(String head) throws IOException {
    try (Socket socket = gateway.raw(head + "\r\n")) {
      return text(socket);
    }
  }

  private static String text(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
