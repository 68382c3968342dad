package io.sampo.engines.llamacpp.speculation;

import java.util.BitSet;

/**
 * The guesses at one sequence's next tokens, and how often such guesses were right.
 *
 * <p>More may be proposed than is {@link #taken} into a step. What was not taken is compared with
 * what then comes all the same, so a proposer that costs nothing is judged also while it is not
 * trusted.
 *
 * <p>The chance that a guess is right, given that those before it were, is the share of right ones
 * among those judged, which fade, so that a text may change its character. Before there are any it
 * is that of three in four.
 */
public final class Draft {

  /** The longest draft. */
  public static final int MOST_TOKENS = 16;

  private static final double FADE = 0.95;
  private static final double FIRST_JUDGED = 4;
  private static final double FIRST_RIGHT = 3;

  private final int[] tokens = new int[MOST_TOKENS];
  private boolean recited;
  private int proposed;
  private int taken;
  private int accepted;
  private int stepsUntried;
  private double judged = FIRST_JUDGED;
  private double right = FIRST_RIGHT;

  /** The n-th guess. */
  public int token(int n) {
    return tokens[n];
  }

  /** How many tokens the next step computes of it. */
  public int taken() {
    return taken;
  }

  /** How many of the {@link #taken} ones stood, once settled. */
  public int accepted() {
    return accepted;
  }

  int proposed() {
    return proposed;
  }

  /** The chance that a guess is right if those before it are. */
  double chance() {
    return right / judged;
  }

  /** Steps in a row that could have had a draft and had none. */
  int stepsUntried() {
    return stepsUntried;
  }

  void clear() {
    recited = false;
    proposed = 0;
    taken = 0;
    accepted = 0;
  }

  /** Has tokens that are known to come; they say nothing of guesses. */
  void recite(int[] text, int from, int count) {
    recited = true;
    System.arraycopy(text, from, tokens, 0, count);
    proposed = count;
    taken = count;
  }

  boolean recited() {
    return recited;
  }

  /** Adds a guess; at most {@link #MOST_TOKENS}. */
  void propose(int token) {
    tokens[proposed++] = token;
  }

  /** A text that ends is not guessed to go on: guesses stop before an end token. */
  void endBefore(BitSet endTokens) {
    for (int i = 0; i < proposed; i++) {
      if (endTokens.get(tokens[i])) {
        proposed = i;
      }
    }
  }

  void take(int count) {
    taken = Math.min(count, proposed);
    stepsUntried = taken > 0 ? 0 : stepsUntried + 1;
  }

  /**
   * The step was computed.
   *
   * @param stood how many of the {@link #taken} tokens were what the model chose
   * @param next what it chose after them
   */
  public void settle(int stood, int next) {
    accepted = stood;
    if (recited) {
      return;
    }
    for (int i = 0; i < stood; i++) {
      judge(true);
    }
    if (stood < proposed) {
      judge(tokens[stood] == next);
    }
  }

  private void judge(boolean wasRight) {
    judged = judged * FADE + 1;
    right = right * FADE + (wasRight ? 1 : 0);
  }
}
