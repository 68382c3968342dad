package io.sampo.engines.spi;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A conversation to be rendered, with what the answer may be. Everything in it was validated: depth
 * and size of the JSON texts, names of tools, complexity of the schema and the grammar.
 *
 * @param messagesJson a JSON array of messages as in OpenAI's chat API
 * @param toolsJson a JSON array of function tools as in OpenAI's chat API, or null for none
 * @param toolChoice whether the model may, must or must not call one of them
 * @param parallelToolCalls whether one answer may hold several calls
 * @param jsonSchema the schema that the answer's text must obey, or null
 * @param grammar the GBNF grammar that the answer must obey, or null; not beside a schema
 * @param splitReasoning tell the model's reasoning apart from its answer, where its format has one
 * @param templateArguments further variables of the chat template: name to JSON value
 */
public record ChatRequest(
    String messagesJson,
    @Nullable String toolsJson,
    ToolChoice toolChoice,
    boolean parallelToolCalls,
    @Nullable String jsonSchema,
    @Nullable String grammar,
    boolean splitReasoning,
    Map<String, String> templateArguments) {

  /** What the model does with the tools it is told of. */
  public enum ToolChoice {
    AUTO,
    REQUIRED,
    NONE
  }

  public ChatRequest {
    templateArguments = Map.copyOf(templateArguments);
  }

  /** Messages and nothing else. */
  public static ChatRequest of(String messagesJson) {
    return new ChatRequest(messagesJson, null, ToolChoice.AUTO, false, null, null, true, Map.of());
  }
}
