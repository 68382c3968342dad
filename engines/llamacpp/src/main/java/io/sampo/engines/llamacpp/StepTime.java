package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.speculation.StepCosts;

/**
 * Predicts how long a step takes: a base, plus a cost for each row that continues an answer, for
 * each drafted row, and for each row of a prompt. The four are learned from the steps that were
 * run.
 *
 * <p>They are estimated by a Kalman filter whose state drifts slowly (R. E. Kalman 1960; with
 * errors relative to the step's time, so that long steps do not outweigh short ones). What is not
 * exercised for a while becomes uncertain again, up to where it began, and is learned anew when
 * needed. A step that took much longer or shorter than usual errors explain (the machine was busy
 * elsewhere) counts only as far as those reach, as in Huber's estimator; if steps stay that way,
 * the usual error grows and the estimate follows within some ten steps.
 *
 * <p>Costs drift together: what changes is the machine's speed, far more than one cost beside
 * another. So steps of one kind, which cannot tell the costs apart, leave their proportions as they
 * were learned.
 */
final class StepTime implements StepCosts {

  private static final int BASE = 0;
  private static final int ANSWER_ROW = 1;
  private static final int DRAFTED_ROW = 2;
  private static final int PROMPT_ROW = 3;
  private static final int COSTS = 4;

  /** Nothing is known at first: a cost may be anything of this order, in milliseconds. */
  private static final double FIRST_DOUBT = 100 * 100;

  /**
   * The usual relative error of a prediction, at first; all costs together may drift as much at
   * each step.
   */
  private static final double USUAL_ERROR = 0.05;

  /** Of the drift of all, what one cost may drift by itself. */
  private static final double OWN_DRIFT = 0.1;

  /** In milliseconds; what seems to cost nothing drifts as if it cost this, so as to be learned. */
  private static final double LEAST_COST = 0.1;

  private static final double FADE = 0.1;

  /** Errors beyond this many usual ones count as this many. */
  private static final double CLIP = 2.5;

  private static final int UNCLIPPED_STEPS = 4;

  private final double[] costs = new double[COSTS];
  private final double[][] doubt = new double[COSTS][COSTS];
  private final double[] features = new double[COSTS];
  private final double[] gain = new double[COSTS];
  private double usualError = USUAL_ERROR;
  private long steps;

  StepTime() {
    for (int i = 0; i < COSTS; i++) {
      doubt[i][i] = FIRST_DOUBT;
    }
  }

  double predictMillis(int answerRows, int draftedRows, int promptRows) {
    return costs[BASE]
        + costs[ANSWER_ROW] * answerRows
        + costs[DRAFTED_ROW] * draftedRows
        + costs[PROMPT_ROW] * promptRows;
  }

  @Override
  public double answersMillis(int answers) {
    return predictMillis(answers, 0, 0);
  }

  @Override
  public double draftedMillis() {
    return costs[DRAFTED_ROW];
  }

  /** How many rows of prompts fit into a time, beyond what else takes time; 0 where it is short. */
  int promptRowsWithin(double millis) {
    double perRow = Math.max(costs[PROMPT_ROW], 1e-6);
    return (int) Math.clamp(millis / perRow, 0, Integer.MAX_VALUE);
  }

  /** Learns from a step that was run. */
  void observe(int answerRows, int draftedRows, int promptRows, double millis) {
    if (millis <= 0) {
      return;
    }
    features[BASE] = 1 / millis;
    features[ANSWER_ROW] = answerRows / millis;
    features[DRAFTED_ROW] = draftedRows / millis;
    features[PROMPT_ROW] = promptRows / millis;
    drift();
    correct(1 - predictMillis(answerRows, draftedRows, promptRows) / millis);
    steps++;
  }

  private void drift() {
    double variance = usualError * usualError;
    boolean together = true;
    for (int i = 0; i < COSTS; i++) {
      double own = OWN_DRIFT * usualError * Math.max(costs[i], LEAST_COST);
      if (doubt[i][i] + own * own <= FIRST_DOUBT) {
        doubt[i][i] += own * own;
      }
      together &= doubt[i][i] + variance * costs[i] * costs[i] <= FIRST_DOUBT;
    }
    for (int i = 0; together && i < COSTS; i++) {
      for (int j = 0; j < COSTS; j++) {
        doubt[i][j] += variance * costs[i] * costs[j];
      }
    }
  }

  private void correct(double error) {
    double variance = usualError * usualError;
    for (int i = 0; i < COSTS; i++) {
      gain[i] = 0;
      for (int j = 0; j < COSTS; j++) {
        gain[i] += doubt[i][j] * features[j];
      }
      variance += features[i] * gain[i];
    }
    double counted = clipped(error, Math.sqrt(variance));
    for (int i = 0; i < COSTS; i++) {
      costs[i] = Math.max(0, costs[i] + gain[i] / variance * counted);
      for (int j = 0; j < COSTS; j++) {
        doubt[i][j] -= gain[i] * gain[j] / variance;
      }
    }
  }

  /**
   * @param expected the error to expect, from what is usual and from what is in doubt: a cost that
   *     was never exercised may be far off, and is to be learned at once
   */
  private double clipped(double error, double expected) {
    if (steps < UNCLIPPED_STEPS) {
      return error;
    }
    double limit = CLIP * expected;
    double clipped = Math.clamp(error, -limit, limit);
    double unusual = Math.abs(clipped) / expected * usualError;
    usualError += FADE * (Math.max(unusual, USUAL_ERROR / 2) - usualError);
    return clipped;
  }
}
