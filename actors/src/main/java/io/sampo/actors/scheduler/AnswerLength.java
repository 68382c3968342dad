package io.sampo.actors.scheduler;

/** How long answers are, from the tokens that were generated and the sequences that ended. */
final class AnswerLength {

  private static final double FADING = 0.99;

  /** Nothing else is known at the beginning. */
  private double tokens = 64;

  private double ended = 1;

  void generated(long more) {
    tokens += more;
  }

  void ended() {
    tokens *= FADING;
    ended = ended * FADING + 1;
  }

  /**
   * Of the next answer.
   *
   * @param most it may have
   */
  double expected(int most) {
    return Math.min(most, tokens / ended);
  }
}
