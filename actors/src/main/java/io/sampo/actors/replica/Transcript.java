package io.sampo.actors.replica;

import java.util.Arrays;

/** The tokens of a sequence, as far as they are known. Belongs to the engine's thread. */
final class Transcript {

  /** Of shorter prompts nothing is published before the end. */
  private static final int LONG_PROMPT_TOKENS = 512;

  private int[] tokens;
  private int length;
  private boolean answered;

  /**
   * @param prompt but for those of its tokens that will be told
   */
  Transcript(int[] prompt) {
    tokens = prompt;
    length = prompt.length;
  }

  /** Whether these tokens are a long prompt and nothing else. */
  boolean longPromptEnds() {
    return !answered && length >= LONG_PROMPT_TOKENS;
  }

  void add(int[] ids) {
    answered = true;
    if (length + ids.length > tokens.length) {
      tokens = Arrays.copyOf(tokens, length + Math.max(ids.length, Math.max(64, length / 4)));
    }
    System.arraycopy(ids, 0, tokens, length, ids.length);
    length += ids.length;
  }

  /** A copy. */
  int[] tokens() {
    return Arrays.copyOf(tokens, length);
  }
}
