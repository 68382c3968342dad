package io.sampo.actors.generation;

import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.RequestId;
import io.sampo.engines.spi.Sampling;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What HTTP brought, decoded and checked as far as that is possible without the model.
 *
 * @param model one that {@link ServedModels} knows
 * @param session the conversation it belongs to, or null when the client names none
 * @param choices how many answers, 1 to 8
 * @param sampling for the first answer; the others differ in {@link Sampling#choice} only
 * @param maxTokens the longest answer; {@link Integer#MAX_VALUE} for the context's end
 * @param stops texts that end an answer; none is empty
 * @param includeStop whether the stop text stays in the answer
 * @param timeout from now to the last token
 */
public record GenerationRequest(
    RequestId id,
    ModelId model,
    @Nullable String session,
    Prompt prompt,
    int choices,
    Sampling sampling,
    int maxTokens,
    List<String> stops,
    boolean includeStop,
    Duration timeout) {

  /** The three forms a prompt comes in. */
  public sealed interface Prompt {}

  /**
   * A conversation.
   *
   * @param json an array of messages as in OpenAI's chat API
   */
  public record Messages(String json) implements Prompt {}

  /** Text to be continued. */
  public record Text(String text) implements Prompt {}

  /**
   * Tokens to be continued; they are checked against the vocabulary before anything else sees them.
   */
  public record Tokens(int[] ids) implements Prompt {}

  public GenerationRequest {
    stops = List.copyOf(stops);
  }
}
