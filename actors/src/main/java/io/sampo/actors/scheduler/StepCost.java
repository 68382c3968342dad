package io.sampo.actors.scheduler;

/**
 * How long an engine's steps last, learned while it works: a step that computes {@code p} prompt
 * tokens and goes on with {@code d} answers takes {@code fixed + prefill · p + decode · d}
 * milliseconds. With {@code d = 0} this is the prefill line, with {@code p = 0} the decode line by
 * batch size.
 *
 * <p>The three numbers are fitted by recursive least squares with exponential forgetting (Ljung,
 * "System Identification", 11.2): what was observed twenty times ago weighs a third. Errors are
 * relative to what was observed, and one far beyond the usual counts for less, by Huber's weight:
 * so one pause of the machine changes nothing, and a lasting change is believed after a few. What
 * was not tried lately, such as prompts while only answers run, keeps its number: the fit forgets
 * only as long as it stays certain enough.
 *
 * <p>Not for several threads.
 */
final class StepCost {

  private static final int COUNT = 3;

  /** Tokens are counted in these units, so that the three numbers are of one size. */
  private static final double[] UNITS = {1, 256, 8};

  private static final double FORGETTING = 0.95;

  /** How uncertain the numbers are at the beginning, and may become again, in their squares. */
  private static final double MOST_UNCERTAIN = 1e10;

  /** Errors beyond so many times the usual one count less (Huber). */
  private static final double USUAL_ERRORS = 3;

  private static final double ERROR_FADING = 0.9;

  private final double[] numbers = new double[COUNT];
  private final double[][] uncertainty = new double[COUNT][COUNT];
  private double usualError;
  private long observations;
  private long prefills;

  /**
   * @param prefillMillis of a prompt's token, until that is observed
   */
  StepCost(double prefillMillis) {
    numbers[1] = prefillMillis * UNITS[1];
    for (int i = 0; i < COUNT; i++) {
      uncertainty[i][i] = MOST_UNCERTAIN;
    }
  }

  /**
   * Learns from some steps.
   *
   * @param steps how many, above 0
   * @param prefillTokens computed by all of them
   * @param decodeTokens answers they went on with, all together
   * @param millis they took
   */
  void observe(long steps, double prefillTokens, double decodeTokens, double millis) {
    if (millis <= 0) {
      return;
    }
    double[] input = {
      steps / millis, prefillTokens / UNITS[1] / millis, decodeTokens / UNITS[2] / millis
    };
    double error = 1 - dot(numbers, input);
    double[] gain = times(uncertainty, input);
    double spread = dot(gain, input);
    double weight = weight(Math.abs(error));
    double scale = FORGETTING / weight + spread;
    for (int i = 0; i < COUNT; i++) {
      numbers[i] += gain[i] / scale * error;
    }
    shrink(gain, scale);
    observations++;
    prefills += prefillTokens > 0 ? 1 : 0;
  }

  private double weight(double error) {
    double limit = USUAL_ERRORS * usualError;
    double weight = observations < COUNT || error <= limit ? 1 : limit / error;
    usualError = ERROR_FADING * usualError + (1 - ERROR_FADING) * error;
    return Math.max(weight, 1e-3);
  }

  private void shrink(double[] gain, double scale) {
    double trace = 0;
    for (int i = 0; i < COUNT; i++) {
      for (int j = 0; j < COUNT; j++) {
        uncertainty[i][j] -= gain[i] * gain[j] / scale;
      }
      trace += uncertainty[i][i];
    }
    if (trace / FORGETTING < MOST_UNCERTAIN) {
      for (double[] row : uncertainty) {
        for (int j = 0; j < COUNT; j++) {
          row[j] /= FORGETTING;
        }
      }
    }
  }

  private static double dot(double[] some, double[] others) {
    double sum = 0;
    for (int i = 0; i < COUNT; i++) {
      sum += some[i] * others[i];
    }
    return sum;
  }

  private static double[] times(double[][] matrix, double[] vector) {
    double[] product = new double[COUNT];
    for (int i = 0; i < COUNT; i++) {
      product[i] = dot(matrix[i], vector);
    }
    return product;
  }

  /** Whether steps were observed that computed prompts. */
  boolean knowsPrefill() {
    return prefills > 0;
  }

  long observations() {
    return observations;
  }

  /** Of a step, whatever is in it. */
  double fixedMillis() {
    return Math.max(0, numbers[0]);
  }

  /** Of one token of a prompt. */
  double prefillMillis() {
    return Math.max(0, numbers[1] / UNITS[1]);
  }

  /** Of one answer in a step. */
  double decodeMillis() {
    return Math.max(0, numbers[2] / UNITS[2]);
  }

  /** Of a step that goes on with so many answers; 0 where no step was observed. */
  double stepMillis(int answers) {
    return observations == 0 ? 0 : Math.max(0, numbers[0] + answers * numbers[2] / UNITS[2]);
  }
}
