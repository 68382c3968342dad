package io.sampo.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.cluster.node.NodeSettings.ModelSettings;
import io.sampo.engines.simulated.model.SimulatedModel;
import io.sampo.engines.simulated.model.SimulatedText;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.Sampling;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A whole node around the simulated engine, asked over HTTP. */
@Timeout(120)
class SampoNodeTest {

  @TempDir Path data;

  @Test
  void isReadyOnceItsModelHasProducedAToken() throws Exception {
    try (SampoNode node = start(Map.of())) {
      assertThat(node.ready().toCompletableFuture().get(30, TimeUnit.SECONDS).capabilities())
          .matches(capabilities -> capabilities != null && capabilities.simulated());
      assertThat(get(node, "/ready").statusCode()).isEqualTo(200);
    }
  }

  /** The engine breaks after each twenty tokens; the client is told one whole answer. */
  @Test
  void anAnswerGoesOnWhereItsEngineBroke() throws Exception {
    String prompt = "Tell me";
    int[] answer = new SimulatedModel(7, 0).answer(ids(prompt), Sampling.GREEDY, 50);
    try (SampoNode node =
        start(Map.of("seed", "7", "end-probability", "0", "fail-after-tokens", "20"))) {
      node.ready().toCompletableFuture().get(30, TimeUnit.SECONDS);
      HttpResponse<String> response =
          post(
              node,
              "{\"model\":\"sim\",\"prompt\":\"%s\",\"temperature\":0,\"max_tokens\":50}"
                  .formatted(prompt));

      assertThat(response.statusCode()).isEqualTo(200);
      JsonNode body = new JsonMapper().readTree(response.body());
      assertThat(body.at("/choices/0/text").asString()).isEqualTo(text(answer));
      assertThat(body.at("/usage/completion_tokens").asInt()).isEqualTo(50);
    }
  }

  @Test
  void anUnknownEngineIsNamedWithTheOnesThereAre() {
    assertThatThrownBy(() -> SampoNode.start(settings("warp", Map.of())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no engine is called 'warp'; there are: llamacpp, simulated");
  }

  private SampoNode start(Map<String, String> options) {
    return SampoNode.start(settings("simulated", options));
  }

  private NodeSettings settings(String engine, Map<String, String> options) {
    EngineSettings engineSettings =
        new EngineSettings(
            2048,
            4,
            0,
            0,
            EngineSettings.KvType.F16,
            EngineSettings.FlashAttention.AUTO,
            false,
            options);
    return new NodeSettings(
        "127.0.0.1",
        0,
        "127.0.0.1",
        0,
        data,
        new ModelSettings("sim", List.of(), data, engine, engineSettings),
        false,
        null,
        List.of(),
        Duration.ofSeconds(5),
        "");
  }

  private static HttpResponse<String> get(SampoNode node, String path) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(uri(node, path)).timeout(Duration.ofSeconds(30)).build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  private static HttpResponse<String> post(SampoNode node, String body) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(uri(node, "/v1/completions"))
              .timeout(Duration.ofSeconds(60))
              .header("content-type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(body))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  private static URI uri(SampoNode node, String path) {
    return URI.create("http://127.0.0.1:" + node.address().getPort() + path);
  }

  private static int[] ids(String text) {
    try (SimulatedText codec = new SimulatedText(false)) {
      return codec.tokenize(text, true, true);
    }
  }

  private static String text(int[] ids) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (SimulatedText codec = new SimulatedText(false)) {
      for (int id : ids) {
        bytes.writeBytes(codec.piece(id, false));
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
