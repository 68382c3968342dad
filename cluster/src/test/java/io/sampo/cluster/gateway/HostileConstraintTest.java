package io.sampo.cluster.gateway;

import static io.sampo.cluster.gateway.TestGateway.CHAT;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.Collections;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/**
 * Schemas and grammars made to hurt, each through every door: the exact answer, soon, and nothing
 * reaches a model.
 */
@Timeout(60)
class HostileConstraintTest {

  private static final long SOON_MILLIS = 700;

  @RegisterExtension static final TestGateway gateway = new TestGateway();

  @AfterEach
  void reachesNoModelAndServesTheNextRequest() throws Exception {
    gateway.assertNothingReachedAModelAndServes();
  }

  enum Door {
    RESPONSE_FORMAT(
        "response_format",
        "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"schema\":%s}}"),
    JSON_OBJECT("response_format", "\"response_format\":{\"type\":\"json_object\",\"schema\":%s}"),
    JSON_SCHEMA("json_schema", "\"json_schema\":%s"),
    TOOLS(
        "tools",
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":%s}}]");

    final String param;
    final String field;

    Door(String param, String field) {
      this.param = param;
      this.field = field;
    }
  }

  static Stream<Arguments> tooComplex() {
    return Stream.of(
            hostile("depth of 64", "{\"$ref\":\"#/$defs/a\",\"$defs\":" + chain(70) + "}"),
            hostile("2000 repeats", "{\"type\":\"array\",\"maxItems\":2001}"),
            hostile("2000 repeats", "{\"type\":\"string\",\"minLength\":99999999999999999999}"),
            hostile("2000 schema nodes", "{\"anyOf\":[" + copies(2_001, "{}") + "]}"),
            hostile("2000 schema nodes", doubling("{\"type\":[\"object\",\"object\"],%s}")),
            hostile(
                "depth of 64",
                "{\"allOf\":[{\"$ref\":\"#/$defs/a\"}],\"$defs\":{\"a\":{\"$ref\":\"#/$defs/b\"},"
                    + "\"b\":{\"$ref\":\"#/$defs/a\"}}}"),
            hostile(
                "128 properties of an object",
                "{\"type\":\"object\",\"properties\":{"
                    + IntStream.range(0, 129)
                        .mapToObj(i -> "\"p" + i + "\":{}")
                        .collect(Collectors.joining(","))
                    + "}}"),
            hostile("name of 256 bytes", "{\"properties\":{\"" + "é".repeat(129) + "\":{}}}"),
            hostile("schema of 65536 bytes", "{\"enum\":[\"" + "x".repeat(70_000) + "\"]}"),
            hostile("linear-time pattern", pattern("^(a+)+\\\\1$")),
            hostile("linear-time pattern", pattern("^(?=a)b$")),
            hostile("linear-time pattern", pattern("^a++$")),
            hostile("2000 repeats", pattern("^a{1,2001}$")),
            hostile("pattern of 1024 characters", pattern("a".repeat(1_025))),
            hostile("pattern depth of 16", pattern("(".repeat(17) + ")".repeat(17))))
        .flatMap(
            each -> Stream.of(Door.values()).map(door -> Arguments.of(door, each[0], each[1])));
  }

  private static String[] hostile(String limit, String schema) {
    return new String[] {limit, schema};
  }

  private static String pattern(String pattern) {
    return "{\"type\":\"string\",\"pattern\":\"" + pattern + "\"}";
  }

  private static String copies(int count, String what) {
    return String.join(",", Collections.nCopies(count, what));
  }

  @ParameterizedTest
  @MethodSource("tooComplex")
  void isTooComplexThroughEveryDoor(Door door, String limit, String schema) throws Exception {
    long begin = System.nanoTime();
    assertThat(refusal(door.field.formatted(schema)))
        .isEqualTo(
            "grammar_too_complex|%s|The grammar exceeds the limit '%s'."
                .formatted(door.param, limit));
    assertThat((System.nanoTime() - begin) / 1_000_000).isLessThan(SOON_MILLIS);
  }

  static Stream<Arguments> broken() {
    return Stream.of(
            hostile("minItems is over maxItems", "{\"minItems\":3,\"maxItems\":2}"),
            hostile(
                "minimum is over maximum", "{\"type\":\"integer\",\"minimum\":5,\"maximum\":3}"),
            hostile(
                "minimum must be a number from -10^15 to 10^15",
                "{\"type\":\"integer\",\"minimum\":-9223372036854775808}"),
            hostile("a $ref leads to nothing", "{\"$ref\":\"#/none\"}"),
            hostile(
                "a $ref must begin with '#/', inside the same schema",
                "{\"$ref\":\"http://localhost/x\"}"),
            hostile("a list of types is too long", "{\"type\":[" + copies(8, "\"null\"") + "]}"),
            hostile("maxLength must be an integer from 0", "{\"maxLength\":-1}"),
            hostile("pattern must be a string", "{\"pattern\":7}"),
            hostile("this server cannot follow a pattern with an anchor inside", pattern("a^b")),
            hostile(
                "this server cannot follow a pattern with a '(' without its ')', or an anchor"
                    + " inside",
                pattern("(a")),
            hostile("this server cannot follow a pattern with the escape \\p", pattern("\\\\p{L}")))
        .flatMap(
            each -> Stream.of(Door.values()).map(door -> Arguments.of(door, each[0], each[1])));
  }

  @ParameterizedTest
  @MethodSource("broken")
  void isBrokenThroughEveryDoor(Door door, String rule, String schema) throws Exception {
    assertThat(refusal(door.field.formatted(schema)))
        .isEqualTo(
            "invalid_value|%s|Invalid value for '%s': in the schema, %s."
                .formatted(door.param, door.param, rule));
  }

  @ParameterizedTest
  @EnumSource(Door.class)
  void anOrdinarySchemaPassesEveryDoor(Door door) throws Exception {
    String schema =
        """
        {"type":"object","required":["node"],"properties":{"node":{"$ref":"#/$defs/node"},
          "plate":{"type":"string","pattern":"^[A-Z]{3}-\\\\d{1,3}$"}},
         "$defs":{"node":{"type":"object","additionalProperties":false,"properties":{
           "value":{"type":["integer","null"],"minimum":-5},
           "next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}}}}}
        """
            .strip();
    gateway.admission.answerBy(talk -> talk.answer("well"));
    String body =
        TestGateway.ASK.replace("\"model\":\"m\",", "").replace("}]}", "}],")
            + door.field.formatted(schema)
            + "}";
    HttpResponse<String> answer = gateway.send(gateway.post(CHAT, body));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          root ::= root "a"     | invalid_value | Invalid value for 'grammar': the grammar is refused: a rule can never come to its end.
          root ::= x            | invalid_value | Invalid value for 'grammar': the grammar is refused: it uses a rule that it does not define: x.
          %llguidance {}        | invalid_value | Invalid value for 'grammar': the grammar is refused: a rule's name is missing at character 0.
          root ::= "a"{9,2}     | invalid_value | Invalid value for 'grammar': the grammar is refused: a repetition's end is below its begin at character 17.
          root ::= "a"{0,3000}  | grammar_too_complex | The grammar exceeds the limit '2000 repeats'.
          """)
  void refusesAGrammarBeforeItIsCompiled(String grammar, String code, String message)
      throws Exception {
    assertThat(refusal("\"grammar\":" + TestGateway.JSON.writeValueAsString(grammar)))
        .isEqualTo(code + "|grammar|" + message);
    HttpResponse<String> other =
        gateway.send(
            gateway.post(
                "/v1/completions",
                "{\"prompt\":\"x\",\"grammar\":"
                    + TestGateway.JSON.writeValueAsString(grammar)
                    + "}"));
    assertThat(other.statusCode()).isEqualTo(400);
    assertThat(other.body()).contains(code);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "tools":{}                                      | tools | must be an array of at most 128 tools
          "tools":[3]                                     | tools[0] | must be an object
          "tools":[{"type":"web_search"}]                 | tools[0].type | must be 'function'; this server runs no tools itself
          "tools":[{"type":"function"}]                   | tools[0].function | must be an object
          "tools":[{"type":"function","function":{}}]     | tools[0].function.name | must have 1 to 64 letters, digits, hyphens or underscores
          "tools":[{"type":"function","function":{"name":"a b"}}] | tools[0].function.name | must have 1 to 64 letters, digits, hyphens or underscores
          "tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"a"}}] | tools[1].function.name | must differ from the other tools' names
          "tools":[{"type":"function","function":{"name":"a","parameters":[]}}] | tools[0].function.parameters | must be an object, the schema of the arguments
          "tool_choice":"required"                        | tool_choice | needs 'tools'
          "tool_choice":"maybe"                           | tool_choice | must be auto, required, none or name a function
          "tool_choice":{"type":"function","function":{"name":"b"}} | tool_choice | must name one of the tools
          "parallel_tool_calls":1                         | parallel_tool_calls | must be true or false
          "response_format":{"type":"xml"}                | response_format.type | must be text, json_object or json_schema
          "response_format":{"type":"json_schema"}        | response_format.json_schema | must be an object
          "json_schema":[]                                | json_schema | the schema must be an object
          "json_schema":{},"grammar":"root ::= [a]"       | grammar | cannot stand beside a schema
          "json_schema":{},"response_format":{"type":"json_object"} | json_schema | cannot stand beside 'response_format'
          "grammar":"root ::= [a]","tools":[{"type":"function","function":{"name":"a"}}] | grammar | cannot stand beside tools that may be called
          "reasoning_format":"raw"                        | reasoning_format | must be auto, deepseek or none
          "reasoning_effort":"{{7*7}}"                    | reasoning_effort | must be none, minimal, low, medium, high, xhigh or max
          "chat_template_kwargs":{"messages":[]}          | chat_template_kwargs.messages | is no argument that a request may give to a chat template
          "chat_template_kwargs":{"chat_template":"x"}    | chat_template_kwargs.chat_template | is no argument that a request may give to a chat template
          "chat_template_kwargs":{"enable_thinking":"no"} | chat_template_kwargs.enable_thinking | must be true or false
          """)
  void namesTheFieldThatIsWrong(String field, String param, String rule) throws Exception {
    assertThat(refusal(field))
        .isEqualTo("invalid_value|" + param + "|Invalid value for '" + param + "': " + rule + ".");
  }

  @Test
  void takesNoMoreToolsThanItSays() throws Exception {
    String tools =
        IntStream.range(0, 129)
            .mapToObj(i -> "{\"type\":\"function\",\"function\":{\"name\":\"f" + i + "\"}}")
            .collect(Collectors.joining(",", "\"tools\":[", "]"));
    assertThat(refusal(tools)).contains("must be an array of at most 128 tools");
  }

  private static String chain(int length) {
    return IntStream.range(0, length)
        .mapToObj(
            i ->
                "\"%s\":{\"items\":{\"$ref\":\"#/$defs/%s\"}}"
                    .formatted(i == 0 ? "a" : "d" + i, "d" + (i + 1)))
        .collect(Collectors.joining(",", "{", ",\"d" + length + "\":{}}"));
  }

  private static String doubling(String level) {
    String schema = "{}";
    for (int i = 0; i < 20; i++) {
      schema = level.formatted("\"properties\":{\"p\":" + schema + "}");
    }
    return schema;
  }

  private static String refusal(String field) throws IOException, InterruptedException {
    String body =
        TestGateway.ASK.replace("\"model\":\"m\",", "").replace("}]}", "}],") + field + "}";
    HttpResponse<String> answer = gateway.send(gateway.post(CHAT, body));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
    JsonNode error = TestGateway.JSON.readTree(answer.body()).get("error");
    assertThat(error.get("type").stringValue()).isEqualTo("invalid_request_error");
    return error.get("code").stringValue()
        + "|"
        + error.get("param").stringValue()
        + "|"
        + error.get("message").stringValue();
  }
}
