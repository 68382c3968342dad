package io.sampo.engines.llamacpp.speculation;

import java.util.BitSet;
import java.util.List;

/**
 * Decides how many drafted tokens each sequence has in the next step.
 *
 * <p>A drafted token is worth computing when the chance that it stands, for each millisecond it
 * costs, is more than what the step gives without it, tokens for each millisecond. Both costs are
 * measured. So tokens are added one by one, the likeliest first, as long as that holds; a draft's
 * n-th token stands with the n-th power of its sequence's {@link Draft#chance}. Each token that is
 * added raises the bar and lowers the chance of the next, so what is found is the best there is.
 *
 * <p>That is also what turns speculation off where it does not pay: many answers share the base
 * cost of a step, so the bar rises towards one token for the cost of one; a text that cannot be
 * guessed has a chance below any bar; on a machine whose rows cost as much as steps no chance is
 * enough. A sequence that was not tried for long has a draft of one token now and then, for costs
 * and chances that are not looked at never change.
 *
 * <p>Prompts in the same step are not considered: they would make drafts look cheap at their
 * expense.
 */
public final class Speculation implements AutoCloseable {

  /**
   * How much it may do.
   *
   * @param draftTokens the longest draft, up to {@link Draft#MOST_TOKENS}; 0 never drafts
   * @param stepTokens most drafted tokens of a step, of all sequences together; 0 not even those
   *     that are known to come
   * @param passRows most rows of answers and drafts together; where there are as many sequences,
   *     nothing is drafted
   * @param contextTokens the longest that a sequence can be
   * @param endTokens tokens that end a text
   */
  public record Bounds(
      int draftTokens, int stepTokens, int passRows, int contextTokens, BitSet endTokens) {}

  /** Most drafted tokens of a step, of all sequences together. */
  public static final int MOST_DRAFTED = 32;

  /** A sequence is tried again after this many steps, which costs less than a hundredth. */
  private static final int TRY_AGAIN_STEPS = 128;

  private final Proposer proposer;
  private final Bounds bounds;
  private int[] most = new int[0];
  private int[] lengths = new int[0];

  public Speculation(Proposer proposer, Bounds bounds) {
    this.proposer = proposer;
    this.bounds = bounds;
  }

  /** Fills the drafts of the sequences for the step that is planned next. */
  public void draft(List<? extends Drafting> sequences, StepCosts costs) {
    int left = recite(sequences);
    if (bounds.draftTokens == 0) {
      return;
    }
    limit(sequences);
    if (proposer.isFree()) {
      propose(sequences, most);
      for (int i = 0; i < sequences.size(); i++) {
        most[i] = guesses(sequences.get(i)) ? sequences.get(i).draft().proposed() : 0;
      }
      chooseLengths(sequences, costs, left);
    } else {
      chooseLengths(sequences, costs, left);
      propose(sequences, lengths);
    }
    for (int i = 0; i < sequences.size(); i++) {
      if (guesses(sequences.get(i))) {
        sequences.get(i).draft().take(lengths[i]);
      }
    }
  }

  /**
   * Drafts of tokens that are known to come, those of a prompt that is to be told, need no guess
   * and always pay.
   *
   * @return how many more drafted tokens the step may have
   */
  private int recite(List<? extends Drafting> sequences) {
    int left = Math.max(0, Math.min(bounds.stepTokens, bounds.passRows - sequences.size()));
    for (int i = 0; i < sequences.size(); i++) {
      Drafting sequence = sequences.get(i);
      sequence.draft().clear();
      if (sequence.decodes() && sequence.recitedTokens() > 0) {
        int most = Math.min(room(sequence, Draft.MOST_TOKENS), left);
        int count = Math.min(sequence.recitedTokens(), most);
        sequence.draft().recite(sequence.tokens(), sequence.length(), count);
        left -= count;
      }
    }
    return left;
  }

  private static boolean guesses(Drafting sequence) {
    return sequence.decodes() && !sequence.draft().recited();
  }

  private void propose(List<? extends Drafting> sequences, int[] limits) {
    proposer.propose(sequences, limits);
    for (int i = 0; i < sequences.size(); i++) {
      if (guesses(sequences.get(i))) {
        sequences.get(i).draft().endBefore(bounds.endTokens);
      }
    }
  }

  /** What a sequence may have before it is asked whether that pays. */
  private void limit(List<? extends Drafting> sequences) {
    if (most.length < sequences.size()) {
      most = new int[sequences.size()];
      lengths = new int[sequences.size()];
    }
    for (int i = 0; i < sequences.size(); i++) {
      Drafting sequence = sequences.get(i);
      lengths[i] = 0;
      most[i] = guesses(sequence) ? room(sequence, bounds.draftTokens) : 0;
    }
  }

  private int room(Drafting sequence, int most) {
    int beforeContextEnds = bounds.contextTokens - sequence.length() - 1;
    int room = Math.min(sequence.tokensAllowed(), beforeContextEnds);
    return Math.clamp(room, 0, most);
  }

  private void chooseLengths(List<? extends Drafting> sequences, StepCosts costs, int most) {
    int answers = answers(sequences);
    int left = most;
    double cost = costs.draftedMillis() + proposer.millisPerToken();
    double millis = costs.answersMillis(answers);
    double tokens = answers;
    if (left > 0) {
      left -= tryAgain(sequences);
    }
    for (int best = likeliest(sequences); left > 0 && best >= 0; best = likeliest(sequences)) {
      double chance = chanceOfNext(sequences.get(best), lengths[best]);
      if (chance * millis <= tokens * cost) {
        return;
      }
      lengths[best]++;
      tokens += chance;
      millis += cost;
      left--;
    }
  }

  private static int answers(List<? extends Drafting> sequences) {
    int answers = 0;
    for (int i = 0; i < sequences.size(); i++) {
      answers += sequences.get(i).decodes() ? 1 : 0;
    }
    return answers;
  }

  private int tryAgain(List<? extends Drafting> sequences) {
    for (int i = 0; i < sequences.size(); i++) {
      if (most[i] > 0 && sequences.get(i).draft().stepsUntried() >= TRY_AGAIN_STEPS) {
        lengths[i] = 1;
        return 1;
      }
    }
    return 0;
  }

  /** The sequence whose next drafted token is likeliest to stand; -1 when none may have more. */
  private int likeliest(List<? extends Drafting> sequences) {
    int best = -1;
    double highest = 0;
    for (int i = 0; i < sequences.size(); i++) {
      if (lengths[i] < most[i]) {
        double chance = chanceOfNext(sequences.get(i), lengths[i]);
        if (chance > highest) {
          best = i;
          highest = chance;
        }
      }
    }
    return best;
  }

  private static double chanceOfNext(Drafting sequence, int drafted) {
    return Math.pow(sequence.draft().chance(), drafted + 1);
  }

  /** A sequence has ended, or pauses. */
  public void forget(Drafting sequence) {
    proposer.forget(sequence);
  }

  /** As {@link Proposer#interrupt}. */
  public void interrupt() {
    proposer.interrupt();
  }

  @Override
  public void close() {
    proposer.close();
  }
}
