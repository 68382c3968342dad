package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.openai.client.OpenAIClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.openai.models.completions.CompletionCreateParams;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Tools, structured output and grammars as OpenAI's own Java client sees them, on a model of random
 * weights: whatever is well-formed in its answers is so because it had to be.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class ConstrainedAnswerIT {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private static final String TEMPLATE =
      """
      {%- if tools %}Functions:
      {%- for tool in tools %}
      {{ tool | tojson }}
      {%- endfor %}
      {% endif %}
      {%- for message in messages %}
      {%- if message.role == 'assistant' %}[assistant]{{ message.content }}
      {%- for call in message.tool_calls %}
      <tool_call>{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}</tool_call>
      {%- endfor %}[end]
      {% else %}[{{ message.role }}]{{ message.content }}[end]
      {% endif %}
      {%- endfor %}
      {%- if add_generation_prompt %}[assistant]{% endif %}
      """;

  /** The random weights are made to like a call's begin and, still more, the end. */
  private static final Map<String, Integer> LIKES = Map.of("510", 40, "2", 80);

  @TempDir static Path data;

  private static TestNode node;
  private static OpenAIClient client;

  @BeforeAll
  static void start() throws Exception {
    Path model = NoiseModel.chatting(data, 4096, TEMPLATE, "<tool_call>", "</tool_call>");
    node = TestNode.start(TestNode.llamaCpp("noise", model, 2, false), "");
    client = node.openAi();
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static ChatCompletionCreateParams.Builder ask() {
    return ChatCompletionCreateParams.builder()
        .model("noise")
        .addUserMessage("Will it rain?")
        .putAdditionalBodyProperty("seed", JsonValue.from(5))
        .maxCompletionTokens(1500);
  }

  private static ChatCompletionCreateParams.Builder askWithTools() {
    return ask()
        .putAdditionalBodyProperty("logit_bias", JsonValue.from(LIKES))
        .addFunctionTool(
            FunctionDefinition.builder()
                .name("weather")
                .description("Tells the weather.")
                .parameters(
                    FunctionParameters.builder()
                        .putAdditionalProperty("type", JsonValue.from("object"))
                        .putAdditionalProperty(
                            "properties",
                            JsonValue.from(
                                Map.of(
                                    "city",
                                    Map.of("enum", List.of("Oulu", "Pori")),
                                    "days",
                                    Map.of("type", "integer", "minimum", 1, "maximum", 9))))
                        .putAdditionalProperty("required", JsonValue.from(List.of("city", "days")))
                        .build())
                .build())
        .parallelToolCalls(false)
        .toolChoice(ChatCompletionToolChoiceOption.Auto.REQUIRED);
  }

  private static void assertIsWeather(String name, String arguments) {
    assertThat(name).isEqualTo("weather");
    JsonNode json = JSON.readTree(arguments);
    assertThat(json.get("city").stringValue()).isIn("Oulu", "Pori");
    assertThat(json.get("days").intValue()).isBetween(1, 9);
  }

  @Test
  void theOfficialClientGetsAToolCall() {
    ChatCompletion answer = client.chat().completions().create(askWithTools().build());
    ChatCompletion.Choice choice = answer.choices().getFirst();
    assertThat(choice.finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.TOOL_CALLS);
    assertThat(choice.message().content()).isEmpty();
    ChatCompletionMessageFunctionToolCall call =
        choice.message().toolCalls().orElseThrow().getFirst().asFunction();
    assertThat(call.id()).isNotBlank();
    assertIsWeather(call.function().name(), call.function().arguments());

    ChatCompletion next =
        client
            .chat()
            .completions()
            .create(
                ask()
                    .addMessage(choice.message())
                    .addMessage(
                        ChatCompletionToolMessageParam.builder()
                            .toolCallId(call.id())
                            .content("Dry.")
                            .build())
                    .maxCompletionTokens(3)
                    .build());
    assertThat(next.usage().orElseThrow().completionTokens()).isEqualTo(3);
  }

  @Test
  void theOfficialClientGetsTheSameToolCallInPieces() {
    List<ChatCompletionChunk.Choice.Delta.ToolCall> pieces;
    List<ChatCompletionChunk> chunks;
    try (StreamResponse<ChatCompletionChunk> stream =
        client.chat().completions().createStreaming(askWithTools().build())) {
      chunks = stream.stream().toList();
    }
    pieces =
        chunks.stream()
            .flatMap(chunk -> chunk.choices().stream())
            .flatMap(choice -> choice.delta().toolCalls().stream())
            .flatMap(List::stream)
            .toList();
    assertThat(pieces.size()).isGreaterThan(1);
    assertThat(pieces).allMatch(piece -> piece.index() == 0);
    assertThat(pieces.stream().filter(piece -> piece.id().isPresent())).hasSize(1);
    String arguments =
        pieces.stream()
            .flatMap(piece -> piece.function().stream())
            .flatMap(function -> function.arguments().stream())
            .collect(Collectors.joining());
    assertIsWeather(pieces.getFirst().function().orElseThrow().name().orElseThrow(), arguments);
    assertThat(chunks.getLast().choices().getFirst().finishReason())
        .contains(ChatCompletionChunk.Choice.FinishReason.TOOL_CALLS);
  }

  /** What the client's schema generator is given. */
  public static final class Forecast {

    /** A word of a list. */
    public enum Sky {
      CLEAR,
      CLOUDY
    }

    public Sky sky = Sky.CLEAR;
    public boolean rain;
    public List<Integer> days = List.of();
  }

  @Test
  void theOfficialClientGetsStructuredOutput() {
    Forecast forecast =
        client
            .chat()
            .completions()
            .create(ask().responseFormat(Forecast.class).build())
            .choices()
            .getFirst()
            .message()
            .content()
            .orElseThrow();
    assertThat(forecast.sky).isIn(Forecast.Sky.CLEAR, Forecast.Sky.CLOUDY);
  }

  @Test
  void aGrammarHoldsInBothApis() {
    JsonValue grammar = JsonValue.from("root ::= (\"rain\" | \"sun\") \", \" [0-9]{2}");
    String chat =
        client
            .chat()
            .completions()
            .create(ask().putAdditionalBodyProperty("grammar", grammar).build())
            .choices()
            .getFirst()
            .message()
            .content()
            .orElseThrow();
    assertThat(chat).matches("(rain|sun), [0-9]{2}");
    String completion =
        client
            .completions()
            .create(
                CompletionCreateParams.builder()
                    .model("noise")
                    .prompt("Weather: ")
                    .maxTokens(100)
                    .putAdditionalBodyProperty("grammar", grammar)
                    .build())
            .choices()
            .getFirst()
            .text();
    assertThat(completion).matches("(rain|sun), [0-9]{2}");
  }

  @Test
  void aPatternOfASchemaHolds() {
    JsonValue schema =
        JsonValue.from(Map.of("type", "string", "pattern", "^\\w{2}-\\d+(\\.\\d{2})?[^a-z\\s]?$"));
    String answer =
        client
            .chat()
            .completions()
            .create(ask().putAdditionalBodyProperty("json_schema", schema).build())
            .choices()
            .getFirst()
            .message()
            .content()
            .orElseThrow();
    assertThat(JSON.readTree(answer).stringValue())
        .matches("(?s)\\w{2}-\\d+(\\.\\d{2})?[^a-z\\s]?");
  }

  @Test
  void whatTheModelCannotDoIsTheClientsBadRequest() {
    ChatCompletionCreateParams request =
        ask().putAdditionalBodyProperty("grammar", JsonValue.from("root ::= <nosuch>")).build();
    assertThatExceptionOfType(BadRequestException.class)
        .isThrownBy(() -> client.chat().completions().create(request))
        .withMessageContaining("Invalid value for 'grammar': the grammar cannot be compiled");
  }
}
