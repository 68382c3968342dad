package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import com.openai.client.OpenAIClient;
import com.openai.errors.BadRequestException;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.embeddings.EmbeddingCreateParams;
import io.sampo.engines.modelstore.gguf.Pooling;
import io.sampo.engines.modelstore.synthetic.EncoderShape;
import io.sampo.engines.modelstore.synthetic.SyntheticEncoder;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A model that embeds and one that ranks through real HTTP and the whole actor path. */
@Timeout(120)
class EmbeddingsIT {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String EMBED = "/v1/embeddings";
  private static final String RERANK = "/v1/rerank";

  /** What llama-server gives for "the cat sat." and this model, its first numbers. */
  private static final double[] CAT = {-0.239369, 0.053016, 0.072908, 0.062233, 0.045025};

  @TempDir static Path folder;

  private static TestNode embeds;
  private static TestNode ranks;

  @BeforeAll
  static void start() throws Exception {
    embeds = node("embedder", Pooling.MEAN);
    ranks = node("ranker", Pooling.RANK);
  }

  private static TestNode node(String name, Pooling pooling) throws Exception {
    Path gguf = folder.resolve(name + ".gguf");
    SyntheticEncoder.write(gguf, EncoderShape.tiny(pooling), 1);
    return TestNode.start(TestNode.llamaCpp(name, gguf, 2, false), "");
  }

  @AfterAll
  static void stop() {
    embeds.close();
    ranks.close();
  }

  private static JsonNode embed(String body) throws Exception {
    return embeds.ask(EMBED, body);
  }

  private static List<Double> vector(JsonNode answer, int index) {
    JsonNode one = answer.at("/data/" + index);
    assertThat(one.get("object").stringValue()).isEqualTo("embedding");
    assertThat(one.get("index").intValue()).isEqualTo(index);
    return one.get("embedding").valueStream().map(JsonNode::doubleValue).toList();
  }

  private static void assertSame(List<Double> one, List<Double> other) {
    assertThat(one).hasSameSizeAs(other);
    for (int i = 0; i < one.size(); i++) {
      assertThat(one.get(i)).isCloseTo(other.get(i), within(1e-4));
    }
  }

  @Test
  void isReadyByAVectorAndSaysWhatItIs() throws Exception {
    assertThat(embeds.get("/ready").statusCode()).isEqualTo(200);
    assertThat(JSON.readTree(embeds.get("/v1/models").body()).at("/data/0/task").stringValue())
        .isEqualTo("embed");
    assertThat(JSON.readTree(ranks.get("/v1/models").body()).at("/data/0/task").stringValue())
        .isEqualTo("rank");
  }

  @Test
  void embedsATextAsLlamaServerDoes() throws Exception {
    JsonNode answer = embed("{\"input\":\"the cat sat.\",\"user\":\"u\",\"dimensions\":64}");
    List<Double> vector = vector(answer, 0);
    assertThat(vector).hasSize(64);
    for (int i = 0; i < CAT.length; i++) {
      assertThat(vector.get(i)).isCloseTo(CAT[i], within(1e-4));
    }
    assertThat(answer.get("object").stringValue()).isEqualTo("list");
    assertThat(answer.get("model").stringValue()).isEqualTo("embedder");
    assertThat(answer.at("/usage/prompt_tokens").intValue()).isEqualTo(12);
    assertThat(answer.at("/usage/total_tokens").intValue()).isEqualTo(12);
  }

  @Test
  void embedsManyInputsAsItEmbedsEach() throws Exception {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      texts.add("text number " + i % 7);
    }
    JsonNode many = embed("{\"input\":" + JSON.writeValueAsString(texts) + "}");
    assertThat(many.get("data").size()).isEqualTo(300);
    for (int i = 0; i < 7; i++) {
      JsonNode one = embed("{\"input\":[" + JSON.writeValueAsString(texts.get(i)) + "]}");
      assertSame(vector(many, i), vector(one, 0));
      assertSame(vector(many, 294 + (i < 6 ? i : -1)), vector(one, 0));
    }
  }

  @Test
  void embedsTokensAsTheirText() throws Exception {
    var tokens = embeds.ask("/tokenize", "{\"content\":\"a cat\",\"add_special\":true}");
    String ids = tokens.get("tokens").toString();
    List<Double> text = vector(embed("{\"input\":\"a cat\"}"), 0);
    assertSame(vector(embed("{\"input\":" + ids + "}"), 0), text);
    assertSame(vector(embed("{\"input\":[[5]," + ids + "]}"), 1), text);
  }

  @Test
  void givesTheSameNumbersAsBase64() throws Exception {
    List<Double> numbers = vector(embed("{\"input\":\"a cat\"}"), 0);
    JsonNode coded = embed("{\"input\":\"a cat\",\"encoding_format\":\"base64\"}");
    var floats =
        ByteBuffer.wrap(Base64.getDecoder().decode(coded.at("/data/0/embedding").stringValue()))
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer();
    assertSame(
        IntStream.range(0, floats.remaining()).mapToObj(i -> (double) floats.get(i)).toList(),
        numbers);
  }

  @ParameterizedTest
  @ValueSource(strings = {RERANK, "/rerank"})
  void ranksTheBestFirst(String path) throws Exception {
    String ask = "{\"query\":\"cat\",\"documents\":[\"a dog\",{\"text\":\"the cat\"},\"cat\"]%s}";
    JsonNode all = ranks.ask(path, ask.formatted(""));
    assertThat(all.get("results").valueStream().map(r -> r.get("index").intValue()))
        .containsExactly(1, 2, 0);
    // llama-server's scores for the same file.
    assertThat(all.at("/results/0/relevance_score").doubleValue())
        .isCloseTo(-1.126273, within(1e-4));
    assertThat(all.at("/results/2/relevance_score").doubleValue())
        .isCloseTo(-1.864922, within(1e-4));
    assertThat(all.at("/results/0").has("document")).isFalse();
    assertThat(all.at("/usage/total_tokens").intValue()).isEqualTo(31);
    JsonNode best = ranks.ask(path, ask.formatted(",\"top_n\":1,\"return_documents\":true"));
    assertThat(best.get("results").size()).isEqualTo(1);
    assertThat(best.at("/results/0/document/text").stringValue()).isEqualTo("the cat");
  }

  @Test
  void servesOpenAisOwnClient() {
    OpenAIClient client = embeds.openAi();
    CreateEmbeddingResponse answer =
        client
            .embeddings()
            .create(
                EmbeddingCreateParams.builder()
                    .model("embedder")
                    .inputOfArrayOfStrings(List.of("the cat sat.", "a dog"))
                    .build());
    assertThat(answer.data()).hasSize(2);
    assertThat(answer.data().get(0).embedding()).hasSize(64);
    assertThat(answer.data().get(0).embedding().get(0).doubleValue())
        .isCloseTo(CAT[0], within(1e-4));
    assertThat(answer.usage().promptTokens()).isPositive();
    EmbeddingCreateParams empty =
        EmbeddingCreateParams.builder().model("embedder").input("").build();
    assertThatExceptionOfType(BadRequestException.class)
        .isThrownBy(() -> client.embeddings().create(empty))
        .withMessageContaining("The prompt in 'input' is empty");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}|invalid_value|input",
        "{\"input\":null}|invalid_value|input",
        "{\"input\":7}|invalid_value|input",
        "{\"input\":{\"text\":\"a\"}}|invalid_value|input",
        "{\"input\":\"\"}|empty_prompt|input",
        "{\"input\":[]}|invalid_value|input",
        "{\"input\":[\"a\",\"\"]}|empty_prompt|input[1]",
        "{\"input\":[\"a\",5]}|invalid_value|input",
        "{\"input\":[5,\"a\"]}|invalid_value|input",
        "{\"input\":[[]]}|empty_prompt|input[0]",
        "{\"input\":[[5],\"a\"]}|invalid_value|input",
        "{\"input\":[-1]}|invalid_token_id|input",
        "{\"input\":[5,1000000]}|invalid_token_id|input",
        "{\"input\":[[5],[5,99999999999]]}|invalid_token_id|input[1]",
        "{\"input\":[1.5]}|invalid_value|input",
        "{\"input\":[true]}|invalid_value|input",
        "{\"input\":\"a\",\"encoding_format\":\"hex\"}|invalid_value|encoding_format",
        "{\"input\":\"a\",\"dimensions\":32}|invalid_value|dimensions",
        "{\"input\":\"a\",\"dimensions\":0}|invalid_value|dimensions",
        "{\"input\":\"a\",\"user\":5}|invalid_value|user",
        "{\"input\":\"a\",\"truncate\":true}|unsupported_parameter|truncate",
        "{\"input\":\"a\",\"priority\":101}|invalid_value|priority",
        "{\"input\":\"a\",\"model\":\"other\"}|model_not_found|model",
      })
  void refusesBadEmbeddingRequests(String body, String code, String param) throws Exception {
    refused(embeds, EMBED, body, code, param);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"documents\":[\"a\"]}|invalid_value|query",
        "{\"query\":\"\",\"documents\":[\"a\"]}|empty_prompt|query",
        "{\"query\":[\"a\"],\"documents\":[\"a\"]}|invalid_value|query",
        "{\"query\":\"a\"}|invalid_value|documents",
        "{\"query\":\"a\",\"documents\":[]}|invalid_value|documents",
        "{\"query\":\"a\",\"documents\":\"a\"}|invalid_value|documents",
        "{\"query\":\"a\",\"documents\":[\"a\",{\"title\":\"b\"}]}|invalid_value|documents",
        "{\"query\":\"a\",\"documents\":[\"a\",\"\"]}|empty_prompt|documents[1]",
        "{\"query\":\"a\",\"documents\":[\"a\"],\"top_n\":0}|invalid_value|top_n",
        "{\"query\":\"a\",\"documents\":[\"a\"],\"rank_fields\":[\"t\"]}|unsupported_parameter|rank_fields",
      })
  void refusesBadRankings(String body, String code, String param) throws Exception {
    refused(ranks, RERANK, body, code, param);
  }

  private static String refused(TestNode node, String path, String body, String code, String param)
      throws Exception {
    var answer = node.post(path, body);
    JsonNode error = JSON.readTree(answer.body()).get("error");
    assertThat(answer.statusCode()).isEqualTo(code.equals("model_not_found") ? 404 : 400);
    assertThat(error.get("code").stringValue()).isEqualTo(code);
    assertThat(error.get("param").stringValue()).isEqualTo(param);
    return error.get("message").stringValue();
  }

  @Test
  void refusesTooManyInputsAndTooLongOnes() throws Exception {
    String many = JSON.writeValueAsString(Collections.nCopies(2049, "a"));
    refused(embeds, EMBED, "{\"input\":" + many + "}", "invalid_value", "input");
    refused(
        ranks,
        RERANK,
        "{\"query\":\"a\",\"documents\":" + many + "}",
        "invalid_value",
        "documents");
    String longText = "a ".repeat(70);
    assertThat(
            refused(
                embeds,
                EMBED,
                "{\"input\":[\"a\",\"" + longText + "\"]}",
                "context_length_exceeded",
                "input[1]"))
        .isEqualTo("This model's maximum context is 64 tokens; the request needs 72.");
    assertThat(
            refused(
                ranks,
                RERANK,
                "{\"query\":\"" + longText + "\",\"documents\":[\"a\"]}",
                "context_length_exceeded",
                "documents[0]"))
        .contains("64 tokens");
    assertThat(vector(embed("{\"input\":\"" + "a ".repeat(62) + "\"}"), 0)).hasSize(64);
    String atMost = JSON.writeValueAsString(Collections.nCopies(2048, "a"));
    assertThat(embed("{\"input\":" + atMost + "}").get("data").size()).isEqualTo(2048);
  }

  @Test
  void refusesWorkThatTheModelIsNotFor() throws Exception {
    String chat = "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}";
    assertThat(refused(embeds, "/v1/chat/completions", chat, "wrong_model_task", "model"))
        .isEqualTo(
            "The model 'embedder' computes embeddings and nothing else: use /v1/embeddings.");
    refused(embeds, "/v1/completions", "{\"prompt\":\"a\"}", "wrong_model_task", "model");
    String pair = "{\"query\":\"a\",\"documents\":[\"a\"]}";
    refused(embeds, RERANK, pair, "wrong_model_task", "model");
    assertThat(refused(ranks, EMBED, "{\"input\":\"a\"}", "wrong_model_task", "model"))
        .isEqualTo("The model 'ranker' ranks documents and nothing else: use /v1/rerank.");
    try (TestNode writes = TestNode.start(TestNode.simulated(2, Map.of()), "")) {
      assertThat(refused(writes, EMBED, "{\"input\":\"a\"}", "wrong_model_task", "model"))
          .startsWith("The model 'sim' generates text");
    }
  }

  @Test
  void givesPlacesBackWhenClientsLeave() throws Exception {
    String body =
        "{\"input\":" + JSON.writeValueAsString(Collections.nCopies(2000, "a b c d e f g")) + "}";
    String request =
        "POST "
            + EMBED
            + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    for (int i = 0; i < 20; i++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), embeds.port())) {
        socket.setSoLinger(i % 2 == 0, 0);
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
      }
    }
    for (int i = 0; i < 3; i++) {
      assertThat(vector(embed("{\"input\":\"a cat\"}"), 0)).hasSize(64);
    }
  }
}
