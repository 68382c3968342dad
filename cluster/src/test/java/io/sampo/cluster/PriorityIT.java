package io.sampo.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.node.NodeSettings.ModelSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** An urgent request over HTTP while the only place of a real engine is taken. */
@Timeout(120)
class PriorityIT {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String PATH = "/v1/completions";
  private static final String LONG =
      "{\"prompt\":\"a b c\",\"max_tokens\":1500,\"seed\":3,\"temperature\":1,\"ignore_eos\":true,"
          + "\"priority\":7,\"stream\":%s}";

  @TempDir static Path data;

  @Test
  void anUrgentAnswerComesAtOnceAndTheStreamItStoppedGoesOnWithTheSameText() throws Exception {
    try (TestNode node = TestNode.start(model(), "")) {
      String alone = text(node.ask(PATH, LONG.formatted(false)));
      try (Socket stream = open(node.port(), LONG.formatted(true))) {
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(stream.getInputStream(), UTF_8));
        StringBuilder told = new StringBuilder(untilText(lines));

        JsonNode urgent =
            node.ask(
                PATH, "{\"prompt\":\"x\",\"max_tokens\":2,\"ignore_eos\":true,\"priority\":-1}");

        assertThat(urgent.at("/usage/completion_tokens").intValue()).isEqualTo(2);
        told.append(lines.lines().map(PriorityIT::streamed).collect(Collectors.joining()));
        assertThat(told).hasToString(alone);
      }
      Awaitility.await()
          .until(
              () -> {
                JsonNode replica = JSON.readTree(node.get("/stats").body()).at("/replicas/0");
                return replica.get("preemptions").intValue() == 1
                    && replica.get("places_taken").intValue() == 0
                    && replica.get("kv_tokens_used").equals(replica.get("kv_tokens_retained"));
              });
    }
  }

  /** Keeps nothing of ended answers, so that the same request is computed in the same way. */
  private static ModelSettings model() throws IOException {
    Path gguf = NoiseModel.write(data, 4096);
    return TestNode.llamaCpp("noise", gguf, 1, Map.of("retain-tokens", "0"));
  }

  private static Socket open(int port, String body) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(60_000);
    String request =
        """
        POST /v1/completions HTTP/1.1
        Host: localhost
        Connection: close
        Content-Type: application/json
        Content-Length: %d

        %s\
        """
            .formatted(body.length(), body);
    socket.getOutputStream().write(request.replace("\n", "\r\n").getBytes(UTF_8));
    return socket;
  }

  private static String untilText(BufferedReader lines) throws IOException {
    String text = "";
    while (text.isEmpty()) {
      text = streamed(lines.readLine());
    }
    return text;
  }

  /** An event is one line, whatever else the transfer encoding puts between. */
  private static String streamed(String line) {
    return line.startsWith("data: {") ? text(JSON.readTree(line.substring(6))) : "";
  }

  private static String text(JsonNode answer) {
    return answer.at("/choices/0/text").asString("");
  }
}
