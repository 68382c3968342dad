package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tokens guessed ahead, as clients see it: not at all. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class SpeculationIT {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private static TestNode plain;
  private static TestNode guessing;

  @BeforeAll
  static void start() throws Exception {
    plain = node(Map.of());
    guessing = node(Map.of("speculation", "ngram"));
  }

  private static TestNode node(Map<String, String> options) throws Exception {
    return TestNode.start(
        TestNode.llamaCpp(StoriesModel.NAME, StoriesModel.file(), 1, options), "");
  }

  @AfterAll
  static void stop() {
    plain.close();
    guessing.close();
  }

  private static JsonNode tell(TestNode node, String prompt, int tokens) throws Exception {
    String body =
        "{\"prompt\":%s,\"max_tokens\":%d,\"temperature\":0,\"logprobs\":1}"
            .formatted(JSON.writeValueAsString(prompt), tokens);
    return node.ask("/v1/completions", body).at("/choices/0");
  }

  @ParameterizedTest
  @MethodSource("io.sampo.cluster.StoriesModel#greedy")
  void greedyTextIsTheOneThatLlamaServerWrites(StoriesModel.Greedy expected) throws Exception {
    assertThat(tell(guessing, expected.prompt(), 64).get("text").stringValue())
        .isEqualTo(expected.text());
  }

  @Test
  void aTextThatRepeatsItselfIsGuessedAndToldAlike() throws Exception {
    String twice = "Tom saw a big red ball in the park. ".repeat(3) + "Tom saw a big";
    JsonNode told = tell(guessing, twice, 24);
    JsonNode expected = tell(plain, twice, 24);

    assertThat(told.get("text")).isEqualTo(expected.get("text"));
    assertThat(told.at("/logprobs/tokens")).isEqualTo(expected.at("/logprobs/tokens"));
    assertThat(told.get("finish_reason")).isEqualTo(expected.get("finish_reason"));
    Awaitility.await().until(() -> stats(guessing, "accepted_tokens") > 0);
    Awaitility.await().until(() -> stats(plain, "generated_tokens") >= 24);
    assertThat(stats(plain, "drafted_tokens")).isZero();
  }

  private static long stats(TestNode node, String name) throws Exception {
    return JSON.readTree(node.get("/stats").body()).at("/replicas/0/" + name).longValue();
  }
}
