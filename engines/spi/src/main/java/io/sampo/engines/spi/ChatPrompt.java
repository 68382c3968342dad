package io.sampo.engines.spi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A rendered conversation, and how to read the answer to it.
 *
 * @param text the prompt, ready to be tokenized with special tokens parsed
 * @param addSpecial whether the tokenizer must still add the begin token
 * @param stops further texts that end an answer in this format
 * @param grammar what the answer must obey, or null
 * @param shownTokens special tokens that belong to the answer's text, because the format is made of
 *     them
 * @param format how {@link TextCodec#parseAnswer} reads the answer; null where all of it is plain
 *     content. Its meaning is the codec's own.
 */
public record ChatPrompt(
    String text,
    boolean addSpecial,
    List<String> stops,
    @Nullable Grammar grammar,
    int[] shownTokens,
    @Nullable String format) {

  public ChatPrompt {
    stops = List.copyOf(stops);
  }

  /** A prompt whose answer is plain text. */
  public ChatPrompt(String text, boolean addSpecial, List<String> stops) {
    this(text, addSpecial, stops, null, new int[0], null);
  }
}
