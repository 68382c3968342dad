package io.sampo.engines.llamacpp.speculation;

import io.sampo.engines.spi.Sampling;

/** A sequence that decodes, of nothing but tokens. */
record Text(int[] tokens, int tokensAllowed, Draft draft) implements Drafting {

  static Text of(int... tokens) {
    return new Text(tokens, 1000, new Draft());
  }

  Text allowed(int further) {
    return new Text(tokens, further, draft);
  }

  /** As a sequence whose guesses were right or wrong, so often in a row. */
  Text judged(boolean right, int times) {
    for (int i = 0; i < times; i++) {
      draft.clear();
      draft.propose(1);
      draft.settle(0, right ? 1 : 2);
    }
    draft.clear();
    return this;
  }

  @Override
  public int length() {
    return tokens.length;
  }

  @Override
  public int nextIndex() {
    return 0;
  }

  @Override
  public int recitedTokens() {
    return 0;
  }

  @Override
  public Sampling sampling() {
    return Sampling.GREEDY;
  }

  @Override
  public boolean decodes() {
    return tokens.length > 0;
  }

  int[] guesses() {
    int[] guesses = new int[draft.proposed()];
    for (int i = 0; i < guesses.length; i++) {
      guesses[i] = draft.token(i);
    }
    return guesses;
  }
}
