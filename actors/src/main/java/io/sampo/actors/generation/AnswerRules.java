package io.sampo.actors.generation;

import io.sampo.engines.spi.Grammar;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What holds for every answer of a request.
 *
 * @param stops texts that end an answer, the request's own and those of the model's chat format
 * @param grammar what an answer must obey, or null
 * @param shownTokens special tokens that are part of an answer's text
 * @param format how an answer is taken apart, or null where it is plain text
 */
record AnswerRules(
    List<String> stops, @Nullable Grammar grammar, int[] shownTokens, @Nullable String format) {

  AnswerRules {
    stops = List.copyOf(stops);
  }
}
