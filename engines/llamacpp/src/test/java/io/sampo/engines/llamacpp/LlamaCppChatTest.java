package io.sampo.engines.llamacpp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.engines.spi.ChatPrompt;
import io.sampo.engines.spi.ChatRequest;
import io.sampo.engines.spi.ChatRequest.ToolChoice;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.Grammar;
import io.sampo.engines.spi.ParsedAnswer;
import io.sampo.engines.spi.ParsedAnswer.ToolCall;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceRequest;
import io.sampo.engines.spi.TextCodec;
import io.sampo.engines.spi.grammar.GrammarCheck;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Tools, schemas and reasoning on a model with random weights, which says noise unless a grammar
 * forbids it.
 */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(120)
class LlamaCppChatTest {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String MESSAGES = "[{\"role\":\"user\",\"content\":\"Rain?\"}]";
  private static final String TOOLS =
      """
      [{"type":"function","function":{"name":"weather","description":"Tells the weather.",
        "parameters":{"type":"object","required":["city","days"],"properties":{
          "city":{"type":"string","pattern":"^[a-z]{2,8}$"},
          "days":{"type":"integer","minimum":1,"maximum":9}}}}},
       {"type":"function","function":{"name":"stop","description":"",
        "parameters":{"type":"object","properties":{}}}}]
      """;
  private static final String SCHEMA =
      """
      {"type":"object","required":["name","tags"],"additionalProperties":false,"properties":{
        "name":{"type":"string","pattern":"^[a-z]{0,6}$"},
        "tags":{"type":"array","items":{"enum":["a","b"]},"minItems":1,"maxItems":3}}}
      """;

  private final LlamaCppProvider provider = new LlamaCppProvider();
  private TextCodec codec;
  private Engine engine;
  private long ids;

  @TempDir static Path folder;

  @BeforeAll
  void load() throws IOException {
    Path model = TestModels.calling(folder);
    codec = provider.openText(model);
    engine =
        provider.load(
            model,
            new EngineSettings(4096, 2, 1, 0, KvType.F16, FlashAttention.AUTO, false, Map.of()));
  }

  @AfterAll
  void close() {
    engine.close();
    codec.close();
  }

  /** Two ids the random weights are made to like: a call's begin, and still more the end. */
  private static final int CALL = 510;

  private static final int END = 2;

  private ChatPrompt prompt(
      @Nullable String tools, ToolChoice choice, boolean parallel, @Nullable String schema) {
    return codec.applyChatTemplate(
        new ChatRequest(
            MESSAGES,
            tools,
            choice,
            parallel,
            schema,
            null,
            true,
            schema == null ? Map.of() : Map.of("enable_thinking", "false")));
  }

  private Sampling hot(long seed, @Nullable Grammar grammar) {
    return new Sampling(
        1f, 0, 1f, 0f, 1f, 1f, 0, 0f, 0f, seed, 0, new int[0], new float[0], false, -1, grammar);
  }

  private Sampling calling(long seed, Grammar grammar) {
    int[] liked = {CALL, END};
    float[] shifts = {40f, 80f};
    return new Sampling(
        1f, 0, 1f, 0f, 1f, 1f, 0, 0f, 0f, seed, 0, liked, shifts, false, -1, grammar);
  }

  private Recorder generate(int[] prompt, int first, int max, Sampling sampling)
      throws InterruptedException {
    Recorder heard = new Recorder(first);
    engine.submit(
        new SequenceRequest(new SequenceId(++ids), prompt, first, max, Integer.MAX_VALUE, sampling),
        heard);
    return heard.awaitEnd();
  }

  private String text(List<Integer> tokens, int... shown) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int token : tokens) {
      boolean special = Arrays.stream(shown).anyMatch(each -> each == token);
      bytes.writeBytes(codec.piece(token, special));
    }
    return bytes.toString(UTF_8);
  }

  private int[] ids(ChatPrompt prompt) {
    return codec.tokenize(prompt.text(), prompt.addSpecial(), true);
  }

  private static Grammar grammar(ChatPrompt prompt) {
    Grammar grammar = Objects.requireNonNull(prompt.grammar());
    assertThat(GrammarCheck.problemOf(grammar.text())).isNull();
    return grammar;
  }

  private static String format(ChatPrompt prompt) {
    return Objects.requireNonNull(prompt.format());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ 7 * 7 }}",
        "{% for i in range(1000000000) %}x{% endfor %}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.getClass().forName('java.lang.Runtime') }}",
        "{{ 'x' * 1000000000 }}",
        "{% include '/etc/passwd' %}"
      })
  void aTemplateInAMessageIsText(String hostile) {
    String messages = JSON.writeValueAsString(List.of(Map.of("role", "user", "content", hostile)));
    assertThat(codec.applyChatTemplate(ChatRequest.of(messages)).text()).contains(hostile);
  }

  @Test
  void showsToolsToTheModel() {
    assertThat(prompt(TOOLS, ToolChoice.AUTO, true, null).text())
        .contains("\"name\": \"weather\"", "Rain?")
        .endsWith("<|im_start|>assistant\n");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void aRequiredCallIsAlwaysACallOfATool(long seed) throws Exception {
    ChatPrompt prompt = prompt(TOOLS, ToolChoice.REQUIRED, false, null);
    Recorder heard = generate(ids(prompt), 0, 3000, calling(seed, grammar(prompt)));
    assertThat(heard.finish()).isEqualTo(FinishReason.STOP);
    String said = text(heard.tokens(), prompt.shownTokens());
    ParsedAnswer answer = codec.parseAnswer(format(prompt), said, false);
    assertThat(answer.toolCalls()).hasSize(1);
    ToolCall call = answer.toolCalls().getFirst();
    JsonNode arguments = JSON.readTree(call.arguments());
    if (call.name().equals("weather")) {
      assertThat(arguments.get("city").stringValue()).matches("[a-z]{2,8}");
      assertThat(arguments.get("days").intValue()).isBetween(1, 9);
    } else {
      assertThat(call.name()).isEqualTo("stop");
      assertThat(arguments.isObject()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void anAnswerUnderASchemaIsJsonOfThatSchema(long seed) throws Exception {
    ChatPrompt prompt = prompt(null, ToolChoice.AUTO, false, SCHEMA);
    Recorder heard = generate(ids(prompt), 0, 3000, hot(seed, grammar(prompt)));
    assertThat(heard.finish()).isEqualTo(FinishReason.STOP);
    String said = text(heard.tokens());
    ParsedAnswer answer =
        prompt.format() == null
            ? new ParsedAnswer(said, "", List.of())
            : codec.parseAnswer(prompt.format(), said, false);
    JsonNode json = JSON.readTree(answer.content());
    assertThat(json.propertyNames()).containsExactlyInAnyOrder("name", "tags");
    assertThat(json.get("name").stringValue()).matches("[a-z]{0,6}");
    assertThat(json.get("tags").size()).isBetween(1, 3);
  }

  @Test
  void theGrammarsOfOrdinarySchemasPassTheCheck() {
    String properties =
        IntStream.range(0, 120)
            .mapToObj(i -> "\"p" + i + "\":{\"type\":\"string\",\"maxLength\":50}")
            .collect(Collectors.joining(","));
    for (String schema :
        List.of(
            "{\"type\":\"object\",\"properties\":{" + properties + "}}",
            """
            {"$ref":"#/$defs/tree","$defs":{"tree":{"type":"object","required":["kind"],
              "properties":{"kind":{"enum":["leaf","node"]},"value":{},
                "left":{"$ref":"#/$defs/tree"},"right":{"$ref":"#/$defs/tree"}}}}}
            """,
            """
            {"type":"array","maxItems":200,"items":{"anyOf":[
              {"type":"object","required":["a"],"properties":{"a":{"type":"number"}}},
              {"type":"object","required":["b"],"properties":{"b":{"format":"date-time"}}},
              {"type":"integer","minimum":-100000,"maximum":987654321}]}}
            """)) {
      assertThat(GrammarCheck.problemOf(codec.grammarOf(schema))).as(schema).isNull();
    }
  }

  @Test
  void anAnswerThatGoesOnElsewhereStandsInTheMiddleOfItsGrammar() throws Exception {
    Grammar grammar = Grammar.strict(codec.grammarOf(SCHEMA));
    int[] prompt = codec.tokenize("some text", true, false);
    List<Integer> whole = generate(prompt, 0, 3000, hot(7, grammar)).tokens();
    for (int first : new int[] {1, whole.size() / 2, whole.size() - 1}) {
      int[] begun =
          IntStream.concat(
                  Arrays.stream(prompt), whole.stream().limit(first).mapToInt(token -> token))
              .toArray();
      assertThat(generate(begun, first, 3000, hot(7, grammar)).tokens())
          .as("from token %s", first)
          .isEqualTo(whole.subList(first, whole.size()));
    }
  }

  @Test
  void aLazyGrammarLetsTextPassUntilItsTrigger() throws Exception {
    int[] prompt = codec.tokenize("some text", true, false);
    Grammar never =
        new Grammar(
            "root ::= \"@@\" \"x\"", true, List.of("@@"), List.of(), new int[0], new int[0]);
    assertThat(generate(prompt, 0, 40, hot(3, never)).tokens())
        .isEqualTo(generate(prompt, 0, 40, hot(3, null)).tokens());
    String said = text(generate(prompt, 0, 40, hot(3, null)).tokens());
    String word = said.substring(10, 12);
    Grammar soon =
        new Grammar(
            "root ::= " + JSON.writeValueAsString(word) + " .? .? .? .? \"END\"",
            true,
            List.of(word),
            List.of(),
            new int[0],
            new int[0]);
    String constrained = text(generate(prompt, 0, 400, hot(3, soon)).tokens());
    assertThat(constrained).startsWith(said.substring(0, said.indexOf(word) + 2)).endsWith("END");
  }

  @Test
  void tellsReasoningAndCallsApartWhileTheyGrow() {
    ChatPrompt prompt = prompt(TOOLS, ToolChoice.AUTO, true, null);
    assertThat(grammar(prompt).lazy()).isTrue();
    assertThat(grammar(prompt).triggerTokens()).isEqualTo(new int[] {CALL});
    assertThat(prompt.shownTokens()).contains(CALL);
    String said =
        "<think>\nIs it wet?\n</think>\n\nLet me look.\n<tool_call>{\"name\": \"weather\","
            + " \"arguments\": {\"city\": \"Oulu\", \"days\": 3}}</tool_call>\n<tool_call>"
            + "{\"name\": \"stop\", \"arguments\": {}}</tool_call>";
    ParsedAnswer whole = codec.parseAnswer(format(prompt), said, false);
    assertThat(whole.reasoning().strip()).isEqualTo("Is it wet?");
    assertThat(whole.content().strip()).isEqualTo("Let me look.");
    assertThat(whole.toolCalls()).extracting(ToolCall::name).containsExactly("weather", "stop");
    int reasoned = 0;
    int called = 0;
    for (int length = 0; length < said.length(); length++) {
      ParsedAnswer part = codec.parseAnswer(format(prompt), said.substring(0, length), true);
      assertThat(whole.reasoning()).startsWith(part.reasoning());
      assertThat(whole.content()).startsWith(part.content());
      assertThat(part.reasoning().length()).isGreaterThanOrEqualTo(reasoned);
      assertThat(part.toolCalls().size()).isGreaterThanOrEqualTo(called);
      reasoned = part.reasoning().length();
      called = part.toolCalls().size();
      for (int i = 0; i < called; i++) {
        assertThat(whole.toolCalls().get(i).arguments())
            .startsWith(part.toolCalls().get(i).arguments());
      }
    }
  }

  @Test
  void plainAnswersOfAModelWithoutReasoningAreNotParsed() throws IOException {
    Path plain = folder.resolve("plain");
    assertThat(plain.toFile().mkdir()).isTrue();
    String template =
        "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}[assistant]";
    try (TextCodec text = provider.openText(TestModels.chatting(plain, template))) {
      ChatPrompt prompt = text.applyChatTemplate(ChatRequest.of(MESSAGES));
      assertThat(prompt.format()).isNull();
      assertThat(prompt.grammar()).isNull();
      ChatRequest required =
          new ChatRequest(MESSAGES, TOOLS, ToolChoice.REQUIRED, false, null, null, true, Map.of());
      assertThatThrownBy(() -> text.applyChatTemplate(required))
          .hasMessageContaining("it has no format for tool calls, so none can be required");
    }
  }

  @Test
  void switchesReasoningOffByAnArgument() {
    ChatPrompt prompt =
        codec.applyChatTemplate(
            new ChatRequest(
                MESSAGES,
                null,
                ToolChoice.AUTO,
                false,
                null,
                null,
                true,
                Map.of("enable_thinking", "false")));
    assertThat(prompt.text()).endsWith("<think>\n\n</think>\n\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "root ::= missing",
        "root ::= root",
        "root ::= \"a",
        "no rules",
        "root ::= <nosuchtoken>"
      })
  void refusesAGrammarThatCannotBeCompiledAndServesOn(String text) throws Exception {
    int[] prompt = codec.tokenize("some text", true, false);
    assertThatThrownBy(() -> generate(prompt, 0, 5, hot(1, Grammar.strict(text))))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID_REQUEST))
        .hasMessageStartingWith("the grammar");
    assertThat(generate(prompt, 0, 5, hot(1, null)).tokens()).isNotEmpty();
  }
}
