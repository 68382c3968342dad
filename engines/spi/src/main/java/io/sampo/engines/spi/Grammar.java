package io.sampo.engines.spi;

import java.util.List;

/**
 * What an answer must obey: a grammar in llama.cpp's notation (GBNF) whose start rule is {@code
 * root}. It holds from the first token or, when it is lazy, from the first trigger on.
 *
 * @param text the rules
 * @param lazy wait for a trigger; until then every token is possible
 * @param triggerWords texts of which each starts a lazy grammar, which then also covers the text
 *     itself
 * @param triggerPatterns regular expressions (ECMAScript) that do the same; the grammar covers the
 *     first group, or else the whole match. They come from the model's chat format, never from a
 *     request.
 * @param triggerTokens tokens that do the same
 * @param prefill tokens of the prompt's end that the grammar has passed before the answer begins
 */
public record Grammar(
    String text,
    boolean lazy,
    List<String> triggerWords,
    List<String> triggerPatterns,
    int[] triggerTokens,
    int[] prefill) {

  public Grammar {
    triggerWords = List.copyOf(triggerWords);
    triggerPatterns = List.copyOf(triggerPatterns);
  }

  /** A grammar that holds from the first token of the answer. */
  public static Grammar strict(String text) {
    return new Grammar(text, false, List.of(), List.of(), new int[0], new int[0]);
  }
}
