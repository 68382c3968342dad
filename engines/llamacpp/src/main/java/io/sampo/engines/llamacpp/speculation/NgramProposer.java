package io.sampo.engines.llamacpp.speculation;

import java.util.List;

/**
 * Guesses that a text goes on as it did the last time it came to this place: what followed the
 * latest occurrence of the longest run of tokens that the text now ends with (prompt lookup
 * decoding, A. Saxena 2023). Right where an answer repeats its prompt or itself: code being edited,
 * quotations, lists.
 *
 * <p>A run is found by one walk back over the sequence's own tokens, which takes microseconds where
 * a step takes milliseconds; an index would have to be kept for every sequence whether it drafts or
 * not.
 */
public final class NgramProposer implements Proposer {

  /** Shorter runs are found everywhere and tell nothing. */
  private static final int SHORTEST_RUN = 3;

  /** A run this long is not searched for a longer one. */
  private static final int LONGEST_RUN = 12;

  @Override
  public boolean isFree() {
    return true;
  }

  @Override
  public double millisPerToken() {
    return 0;
  }

  @Override
  public void propose(List<? extends Drafting> sequences, int[] most) {
    for (int i = 0; i < sequences.size(); i++) {
      if (most[i] > 0) {
        propose(sequences.get(i), most[i]);
      }
    }
  }

  private static void propose(Drafting sequence, int most) {
    int[] tokens = sequence.tokens();
    int length = sequence.length();
    int next = afterLastOccurrence(tokens, length);
    Draft draft = sequence.draft();
    for (int i = next; next >= 0 && i < next + most; i++) {
      // Where the text repeats itself without end, what follows is what was guessed already.
      draft.propose(i < length ? tokens[i] : draft.token(i - length));
    }
  }

  /** The place after the latest occurrence of the longest run at the end, or -1. */
  private static int afterLastOccurrence(int[] tokens, int length) {
    int best = -1;
    int longest = SHORTEST_RUN - 1;
    for (int end = length - 1; end > longest && longest < LONGEST_RUN; end--) {
      int run = commonRun(tokens, end, length);
      if (run > longest) {
        best = end;
        longest = run;
      }
    }
    return best;
  }

  /** How many tokens before two places are the same, up to what is looked for. */
  private static int commonRun(int[] tokens, int one, int other) {
    int run = 0;
    while (run < LONGEST_RUN && run < one && tokens[one - 1 - run] == tokens[other - 1 - run]) {
      run++;
    }
    return run;
  }

  @Override
  public void forget(Drafting sequence) {}

  @Override
  public void interrupt() {}

  @Override
  public void close() {}
}
