package io.sampo.engines.spi;

import java.util.List;

/**
 * A rendered conversation.
 *
 * @param text the prompt, ready to be tokenized with special tokens parsed
 * @param addSpecial whether the tokenizer must still add the begin token
 * @param stops further texts that end an answer in this format
 */
public record ChatPrompt(String text, boolean addSpecial, List<String> stops) {

  public ChatPrompt {
    stops = List.copyOf(stops);
  }
}
