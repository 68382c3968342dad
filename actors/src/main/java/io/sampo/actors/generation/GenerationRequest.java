package io.sampo.actors.generation;

import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.RequestId;
import io.sampo.actors.wire.ServiceClass;
import io.sampo.engines.spi.ChatRequest.ToolChoice;
import io.sampo.engines.spi.KvScope;
import io.sampo.engines.spi.Priority;
import io.sampo.engines.spi.Sampling;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What HTTP brought, decoded and checked as far as that is possible without the model.
 *
 * @param model one that {@link ServedModels} knows
 * @param adapter the name of one of its adapters, or null for the model itself
 * @param session the conversation it belongs to, or null when the client names none
 * @param prompts one or more; only one where it is a conversation
 * @param choices how many answers to each prompt, 1 to 8
 * @param echo whether an answer begins with its prompt's text
 * @param constraint what an answer must obey, or null
 * @param sampling for the first answer; the others differ in {@link Sampling#choice} only
 * @param maxTokens the longest answer; 0 for no more than the echo, {@link Integer#MAX_VALUE} for
 *     the context's end
 * @param stops texts that end an answer; none is empty
 * @param includeStop whether the stop text stays in the answer
 * @param priority how urgent it is, see {@link Priority}
 * @param service what it is promised
 * @param scope with whom it shares KV
 * @param timeout from now to the last token
 */
public record GenerationRequest(
    RequestId id,
    ModelId model,
    @Nullable String adapter,
    @Nullable String session,
    List<Prompt> prompts,
    @Nullable Constraint constraint,
    int choices,
    boolean echo,
    Sampling sampling,
    int maxTokens,
    List<String> stops,
    boolean includeStop,
    int priority,
    ServiceClass service,
    KvScope scope,
    Duration timeout) {

  /** The forms a prompt comes in. */
  public sealed interface Prompt {}

  /**
   * A conversation.
   *
   * @param json an array of messages as in OpenAI's chat API
   * @param tools that the model may call, or null
   * @param splitReasoning tell the model's reasoning apart from its answer
   * @param templateArguments further variables of the chat template: name to JSON value
   */
  public record Messages(
      String json,
      @Nullable Tools tools,
      boolean splitReasoning,
      Map<String, String> templateArguments)
      implements Prompt {

    /** Messages and nothing else. */
    public Messages(String json) {
      this(json, null, true, Map.of());
    }
  }

  /**
   * Functions that the model may call.
   *
   * @param json an array of tools as in OpenAI's chat API
   * @param parallel whether one answer may hold several calls
   */
  public record Tools(String json, ToolChoice choice, boolean parallel) {}

  /**
   * What the text of an answer must obey.
   *
   * @param text a JSON schema or a grammar
   * @param param the request's field that brought it
   */
  public record Constraint(Form form, String text, String param) {

    /** The two forms a constraint comes in. */
    public enum Form {
      JSON_SCHEMA,
      GRAMMAR
    }
  }

  /** Text to be continued. */
  public record Text(String text) implements Prompt {}

  /**
   * Tokens to be continued; they are checked against the vocabulary before anything else sees them.
   */
  public record Tokens(int[] ids) implements Prompt {}

  /**
   * A text with a gap to be filled.
   *
   * @param before what precedes the gap; may be empty
   * @param after what follows it; may be empty
   * @param begun the beginning of what fills it; may be empty
   * @param files what else belongs to the project; null where there is no project
   * @param param the request's field that asks for it
   */
  public record Gap(
      String before, String after, String begun, @Nullable List<ProjectFile> files, String param)
      implements Prompt {

    public Gap {
      files = files == null ? null : List.copyOf(files);
    }
  }

  /** A file, or a part of one. */
  public record ProjectFile(String name, String text) {}

  public GenerationRequest {
    prompts = List.copyOf(prompts);
    stops = List.copyOf(stops);
    Priority.checked(priority);
    if (prompts.isEmpty() || choices < 1) {
      throw new IllegalArgumentException("a request needs a prompt and wants an answer");
    }
  }

  /** Whether the log probabilities of a prompt's tokens are told before those of its answers. */
  public boolean recites() {
    return echo && sampling.topLogprobs() >= 0;
  }

  /** How many answers there will be; those to the first prompt come first. */
  public int answers() {
    return prompts.size() * choices;
  }
}
