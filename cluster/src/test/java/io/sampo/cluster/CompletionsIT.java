package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The forms of a completion, through the whole path on a small model of random weights. One
 * sequence a step, so that texts can be compared.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class CompletionsIT {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int CONTEXT = 256;
  private static final int PLACES = 4;

  /** Known to llama.cpp by their texts as what asks for a gap to be filled. */
  private static final String[] MARKS = {
    "<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<|file_sep|>"
  };

  @TempDir static Path data;

  private static Path model = Path.of("");
  private static TestNode node;

  @BeforeAll
  static void start() throws Exception {
    model = NoiseModel.write(data, CONTEXT, MARKS);
    node = TestNode.start(TestNode.llamaCpp("noise", model, PLACES, true), "");
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  @Test
  void answersSeveralPromptsAsIfEachWereAlone() throws Exception {
    String ask = "{\"prompt\":%s,\"max_tokens\":12,\"temperature\":1,\"seed\":7,\"n\":2}";
    JsonNode one = complete(ask.formatted("\"bafu\""));
    JsonNode other = complete(ask.formatted("\"mezo kiru\""));
    JsonNode both = complete(ask.formatted("[\"bafu\",\"mezo kiru\"]"));

    assertThat(both.get("choices").size()).isEqualTo(4);
    for (int i = 0; i < 4; i++) {
      JsonNode alone = (i < 2 ? one : other).at("/choices/" + i % 2);
      assertThat(both.at("/choices/" + i + "/index").intValue()).isEqualTo(i);
      assertThat(text(both, i)).isEqualTo(alone.get("text").stringValue());
    }
    for (String count : List.of("prompt_tokens", "completion_tokens", "total_tokens")) {
      assertThat(both.at("/usage/" + count).intValue())
          .isEqualTo(one.at("/usage/" + count).intValue() + other.at("/usage/" + count).intValue());
    }
  }

  @Test
  void answersMorePromptsThanTheEngineHasPlaces() throws Exception {
    String prompts = "\"ba\",".repeat(40 * PLACES) + "\"ba\"";
    assertThat(node.post("/v1/completions", "{\"prompt\":[" + prompts + "]}").statusCode())
        .isEqualTo(400);
    prompts = "\"ba\",".repeat(8 * PLACES - 1) + "\"ba\"";
    JsonNode answers =
        complete("{\"prompt\":[" + prompts + "],\"max_tokens\":3,\"ignore_eos\":true}");
    assertThat(answers.get("choices").size()).isEqualTo(8 * PLACES);
    assertThat(answers.at("/usage/completion_tokens").intValue()).isEqualTo(8 * PLACES * 3);
  }

  @Test
  void streamsTheAnswersOfSeveralPromptsByTheirIndex() throws Exception {
    String ask =
        "{\"prompt\":[\"la\",\"mi"
            + " no\",[1,300,301]],\"max_tokens\":9,\"temperature\":0,\"echo\":true,\"stream\":%s}";
    Map<Integer, String> streamed = new TreeMap<>();
    for (JsonNode event : events(node.post("/v1/completions", ask.formatted(true)).body())) {
      JsonNode choice = event.at("/choices/0");
      streamed.merge(
          choice.get("index").intValue(), choice.get("text").stringValue(), String::concat);
    }
    JsonNode whole = complete(ask.formatted(false));
    assertThat(streamed).hasSize(3);
    streamed.forEach((index, text) -> assertThat(text).isEqualTo(text(whole, index)));
    assertThat(text(whole, 0)).startsWith("la");
    assertThat(text(whole, 1)).startsWith("mi no");
    assertThat(text(whole, 2)).startsWith("<s>");
  }

  /**
   * The second prompt waits for the first one's computation, whose every token but one it takes;
   * the first may find the begin token of the node's own first question.
   */
  @Test
  void computesAPromptOfSeveralAnswersOnce() throws Exception {
    String prompt = JSON.writeValueAsString("duko remi ".repeat(12));
    String ask = "{\"prompt\":[%s,%s],\"n\":2,\"max_tokens\":4}".formatted(prompt, prompt);
    try (TestNode sharing = TestNode.start(TestNode.llamaCpp("noise", model, PLACES, false), "")) {
      JsonNode answers = sharing.ask("/v1/completions", ask);
      int tokens = answers.at("/usage/prompt_tokens").intValue() / 2;
      assertThat(tokens).isGreaterThan(40);
      assertThat(answers.at("/usage/prompt_tokens_details/cached_tokens").intValue())
          .isBetween(tokens - 1, tokens + 1);
    }
  }

  /** Node by node: one that computes a token a step, and one that computes many. */
  @Test
  void tellsTheChancesOfAPromptsTokensBeforeThoseOfItsAnswer() throws Exception {
    String ask =
        "{\"prompt\":[\"bafu mezo kiru duko remi la"
            + " no\",\"la\"],\"max_tokens\":%d,\"temperature\":0,"
            + "\"ignore_eos\":true,\"echo\":%s,\"logprobs\":2}";
    JsonNode answer = complete(ask.formatted(4, false));
    try (TestNode mixing = TestNode.start(TestNode.llamaCpp("noise", model, PLACES, false), "")) {
      for (TestNode each : List.of(node, mixing)) {
        JsonNode all = each.ask("/v1/completions", ask.formatted(4, true));
        for (int i = 0; i < 2; i++) {
          assertTold(all.at("/choices/" + i), answer.at("/choices/" + i));
        }
        for (String count : List.of("prompt_tokens", "completion_tokens")) {
          assertThat(all.at("/usage/" + count)).isEqualTo(answer.at("/usage/" + count));
        }
        JsonNode prompt = each.ask("/v1/completions", ask.formatted(0, true));
        int tokens = prompt.at("/choices/0/logprobs/tokens").size();
        for (int i = 1; i < tokens; i++) {
          assertThat(prompt.at("/choices/0/logprobs/token_logprobs/" + i).floatValue())
              .isCloseTo(
                  all.at("/choices/0/logprobs/token_logprobs/" + i).floatValue(), within(0.01f));
        }
        assertThat(all.at("/choices/0/logprobs/tokens").size()).isEqualTo(tokens + 4);
        assertThat(prompt.at("/usage/completion_tokens").intValue()).isZero();
        assertThat(prompt.at("/choices/0/finish_reason").stringValue()).isEqualTo("length");
      }
    }
  }

  private static void assertTold(JsonNode all, JsonNode answer) {
    JsonNode told = all.get("logprobs");
    String text = all.get("text").stringValue();
    assertThat(text).endsWith(answer.get("text").stringValue());
    int prompt = told.get("tokens").size() - 4;
    assertThat(told.at("/token_logprobs/0").isNull()).isTrue();
    assertThat(told.at("/top_logprobs/0").isNull()).isTrue();
    for (int i = 1; i < prompt + 4; i++) {
      String token = told.at("/tokens/" + i).stringValue();
      assertThat(text.substring(told.at("/text_offset/" + i).intValue())).startsWith(token);
      assertThat(told.at("/token_logprobs/" + i).floatValue()).isNegative();
      assertThat(told.at("/top_logprobs/" + i).size()).isBetween(1, 2);
    }
    for (int i = 0; i < 4; i++) {
      assertThat(told.at("/token_logprobs/" + (prompt + i)).floatValue())
          .isCloseTo(answer.at("/logprobs/token_logprobs/" + i).floatValue(), within(0.01f));
    }
  }

  @Test
  void givesEachOfAPromptsTokensTheChancesThatFollowWhatIsBeforeIt() throws Exception {
    JsonNode ids =
        node.ask("/tokenize", "{\"content\":\"bafu mezo kiru\",\"add_special\":true}")
            .get("tokens");
    String ask = "{\"prompt\":%s,\"max_tokens\":%d,\"temperature\":0,\"logprobs\":2%s}";
    JsonNode told =
        complete(ask.formatted(ids, 0, ",\"echo\":true")).at("/choices/0/logprobs/top_logprobs");
    assertThat(told.size()).isEqualTo(ids.size());
    for (int length = 1; length < ids.size(); length++) {
      String before = ids.valueStream().limit(length).toList().toString();
      JsonNode next =
          complete(ask.formatted(before, 1, "")).at("/choices/0/logprobs/top_logprobs/0");
      JsonNode same = told.get(length);
      assertThat(same.propertyNames()).isEqualTo(next.propertyNames());
      for (String token : next.propertyNames()) {
        assertThat(same.get(token).floatValue())
            .isCloseTo(next.get(token).floatValue(), within(0.01f));
      }
    }
  }

  @Test
  void echoesAPromptWithoutAToken() throws Exception {
    JsonNode answer = complete("{\"prompt\":[\"bafu\",\"la\"],\"echo\":true,\"max_tokens\":0}");
    assertThat(text(answer, 0)).isEqualTo("bafu");
    assertThat(text(answer, 1)).isEqualTo("la");
    assertThat(answer.at("/choices/1/finish_reason").stringValue()).isEqualTo("length");
    assertThat(answer.at("/usage/completion_tokens").intValue()).isZero();
  }

  @Test
  void endsAtTheContextsEndAndSaysSo() throws Exception {
    JsonNode answer = complete("{\"prompt\":\"bafu\",\"max_tokens\":100000,\"ignore_eos\":true}");
    assertThat(answer.at("/choices/0/finish_reason").stringValue()).isEqualTo("length");
    assertThat(answer.at("/usage/total_tokens").intValue()).isBetween(CONTEXT - 1, CONTEXT + 1);
    String tooLong = JSON.writeValueAsString("bafu ".repeat(200));
    JsonNode error =
        JSON.readTree(node.post("/v1/completions", "{\"prompt\":[\"la\"," + tooLong + "]}").body())
            .get("error");
    assertThat(error.get("code").stringValue()).isEqualTo("context_length_exceeded");
    assertThat(error.get("param").stringValue()).isEqualTo("prompt[1]");
  }

  @Test
  void endsAtAStopTextThatSpansTokens() throws Exception {
    String ask =
        "{\"prompt\":\"bafu\",\"max_tokens\":12,\"temperature\":0,\"ignore_eos\":true,\"logprobs\":0%s}";
    JsonNode free = complete(ask.formatted("")).at("/choices/0");
    String text = free.get("text").stringValue();
    JsonNode offsets = free.at("/logprobs/text_offset");
    int from = offsets.get(5).intValue() - 1;
    String stop = text.substring(from, offsets.get(6).intValue() + 1);
    int expected = text.indexOf(stop);

    JsonNode stopped =
        complete(ask.formatted(",\"stop\":[\"@@\"," + JSON.writeValueAsString(stop) + "]"));
    assertThat(text(stopped, 0)).isEqualTo(text.substring(0, expected));
    assertThat(stopped.at("/choices/0/finish_reason").stringValue()).isEqualTo("stop");
    assertThat(stopped.at("/usage/completion_tokens").intValue()).isLessThan(12);
  }

  @Test
  void shiftsTokensByTheirBiasAndReportsTheModelsOwnProbabilities() throws Exception {
    JsonNode answer =
        complete(
            "{\"prompt\":\"bafu\",\"max_tokens\":3,\"temperature\":0,\"logprobs\":2,\"logit_bias\":{\"300\":100}}");
    JsonNode logprobs = answer.at("/choices/0/logprobs");
    String token = logprobs.at("/tokens/0").stringValue();
    assertThat(text(answer, 0).strip()).isEqualTo(token.repeat(3).strip());
    for (int i = 0; i < 3; i++) {
      float chosen = logprobs.at("/token_logprobs/" + i).floatValue();
      JsonNode top = logprobs.at("/top_logprobs/" + i);
      assertThat(top.size()).isEqualTo(2);
      assertThat(top.valueStream().mapToDouble(JsonNode::doubleValue).max().orElseThrow())
          .isGreaterThan(chosen)
          .isNegative();
    }
  }

  /** The expected texts were written by llama-server on the same file. */
  @Test
  void fillsAGapAsLlamaServerDoes() throws Exception {
    String ask =
        "{\"input_prefix\":\"la mi\",\"input_suffix\":\"no ba\",\"n_predict\":12,\"temperature\":0,"
            + "\"ignore_eos\":true,\"grammar\":\"root ::= [a-z ]*\",%s}";
    String begun = "\"prompt\":\"ke\"";
    JsonNode plain = infill(ask.formatted(begun));
    assertThat(plain.get("content").stringValue()).isEqualTo("kfu kehfucucufucufufufu");
    assertThat(plain.get("tokens_evaluated").intValue()).isEqualTo(15);
    assertThat(plain.get("tokens_predicted").intValue()).isEqualTo(12);
    assertThat(plain.get("stop").booleanValue()).isTrue();
    assertThat(plain.get("stop_type").stringValue()).isEqualTo("limit");
    JsonNode project =
        infill(
            ask.formatted(
                "\"input_extra\":[{\"filename\":\"a\",\"text\":\"duko\"},{\"text\":\"remi\"}]"));
    assertThat(project.get("content").stringValue()).isEqualTo("kfu ke keh youuuuuu");
    assertThat(project.get("tokens_evaluated").intValue()).isEqualTo(28);

    List<JsonNode> events =
        events(node.post("/infill", ask.formatted(begun + ",\"stream\":true")).body());
    StringBuilder streamed = new StringBuilder();
    events.forEach(event -> streamed.append(event.get("content").stringValue()));
    assertThat(streamed).hasToString("kfu kehfucucufucufufufu");
    assertThat(events.getLast().get("stop").booleanValue()).isTrue();
    assertThat(events.getFirst().get("stop").booleanValue()).isFalse();
  }

  @Test
  void fillsWhatStandsBetweenAPromptAndItsSuffix() throws Exception {
    String ask =
        "{\"prompt\":[\"la"
            + " mi\"],\"max_tokens\":6,\"temperature\":0,\"ignore_eos\":true,\"echo\":true%s}";
    JsonNode filled = complete(ask.formatted(",\"suffix\":\"no ba\""));
    JsonNode continued = complete(ask.formatted(""));
    assertThat(text(filled, 0)).startsWith("la mi").isNotEqualTo(text(continued, 0));
    assertThat(filled.at("/usage/prompt_tokens").intValue())
        .isGreaterThan(continued.at("/usage/prompt_tokens").intValue() + 3);
  }

  private static JsonNode infill(String body) throws Exception {
    return node.ask("/infill", body);
  }

  private static String text(JsonNode answer, int choice) {
    return answer.at("/choices/" + choice + "/text").stringValue();
  }

  private static JsonNode complete(String body) throws Exception {
    return node.ask("/v1/completions", body);
  }

  private static List<JsonNode> events(String body) {
    return body.lines()
        .filter(line -> line.startsWith("data: {"))
        .map(line -> JSON.readTree(line.substring("data: ".length())))
        .toList();
  }
}
