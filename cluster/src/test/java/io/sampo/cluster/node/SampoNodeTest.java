package io.sampo.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.cluster.TestNode;
import io.sampo.cluster.node.NodeSettings.ModelSettings;
import io.sampo.engines.simulated.model.SimulatedModel;
import io.sampo.engines.simulated.model.SimulatedText;
import io.sampo.engines.spi.Sampling;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.management.ObjectName;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A whole node around the simulated engine, asked over HTTP. */
@Timeout(120)
class SampoNodeTest {

  private static final ModelSettings SIM = TestNode.simulated(4, Map.of());

  @Test
  void isReadyOnceItsModelHasProducedAToken() throws Exception {
    try (TestNode node = start(Map.of())) {
      assertThat(node.node().ready().toCompletableFuture().get().capabilities())
          .matches(capabilities -> capabilities != null && capabilities.simulated());
      assertThat(node.get("/ready").statusCode()).isEqualTo(200);
    }
  }

  /** The engine breaks after each twenty tokens; the client is told one whole answer. */
  @Test
  void anAnswerGoesOnWhereItsEngineBroke() throws Exception {
    String prompt = "Tell me";
    int[] answer = new SimulatedModel(7, 0).answer(ids(prompt), Sampling.GREEDY, 50);
    try (TestNode node =
        start(Map.of("seed", "7", "end-probability", "0", "fail-after-tokens", "20"))) {
      HttpResponse<String> response =
          node.post(
              "/v1/completions",
              "{\"model\":\"sim\",\"prompt\":\"%s\",\"temperature\":0,\"max_tokens\":50}"
                  .formatted(prompt));

      assertThat(response.statusCode()).isEqualTo(200);
      JsonNode body = new JsonMapper().readTree(response.body());
      assertThat(body.at("/choices/0/text").asString()).isEqualTo(text(answer));
      assertThat(body.at("/usage/completion_tokens").asInt()).isEqualTo(50);
    }
  }

  @Test
  void losesReadinessWhenItsEngineHangs() throws Exception {
    String soon =
        "actors.replica { canary-interval = 100 ms, canary-limit = 200 ms, reload-delay = 1 h }";
    try (TestNode node =
        TestNode.start(TestNode.simulated(4, Map.of("hang-after-tokens", "1")), soon)) {
      Awaitility.await().until(() -> node.get("/ready").statusCode() == 503);
      assertThat(node.get("/live").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void anUnknownEngineIsNamedWithTheOnesThereAre() {
    ModelSettings model =
        new ModelSettings("m", List.of(), Path.of("none"), "warp", SIM.engineSettings());
    assertThatThrownBy(() -> SampoNode.start(TestNode.settings(0, model, "")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no engine is called 'warp'; there are: llamacpp, simulated");
  }

  /** Soon: nothing waits for a cluster that has not formed. */
  @Test
  @Timeout(8)
  void aTakenPortEndsTheStartSoonAndIsNamed() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      Set<ObjectName> beans = beans();
      assertThatThrownBy(() -> SampoNode.start(TestNode.settings(port, SIM, "")))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessage("cannot listen on 127.0.0.1:" + port + " (Address already in use)");
      assertThat(beans()).as("what the node that did not start has left").isEqualTo(beans);
    }
  }

  private static Set<ObjectName> beans() throws Exception {
    return ManagementFactory.getPlatformMBeanServer()
        .queryNames(new ObjectName("io.sampo:*"), null);
  }

  private static TestNode start(Map<String, String> options) throws Exception {
    return TestNode.start(TestNode.simulated(4, options), "");
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
