package io.sampo.actors.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** An engine whose steps take 10 ms, 0.5 ms for a prompt's token and 2 ms for an answer. */
class StepCostTest {

  private static final double GUESS = 5;

  private final Random random = new Random(1);
  private final StepCost cost = new StepCost(GUESS);

  private void observe(int times, double slowness, boolean prompts) {
    for (int i = 0; i < times; i++) {
      int steps = 1 + random.nextInt(50);
      double prefill = prompts ? random.nextInt(200 * steps) : 0;
      double decode = random.nextInt(16 * steps);
      double noise = 1 + 0.05 * random.nextGaussian();
      double millis = slowness * (10 * steps + 0.5 * prefill + 2 * decode) * noise;
      cost.observe(steps, prefill, decode, millis);
    }
  }

  private void assertLearned(double slowness) {
    assertThat(cost.fixedMillis()).isCloseTo(10 * slowness, within(3 * slowness));
    assertThat(cost.prefillMillis()).isCloseTo(0.5 * slowness, within(0.05 * slowness));
    assertThat(cost.decodeMillis()).isCloseTo(2 * slowness, within(0.4 * slowness));
  }

  @Test
  void learnsBothLinesWithinAFewReports() {
    observe(20, 1, true);

    assertLearned(1);
    assertThat(cost.stepMillis(4)).isCloseTo(18, within(2.0));
  }

  @Test
  void believesALastingChangeAndNotAPause() {
    observe(50, 1, true);
    cost.observe(10, 0, 40, 60_000);
    assertLearned(1);

    observe(150, 8, true);
    assertLearned(8);
  }

  @Test
  void keepsWhatWasNotTriedFor() {
    assertThat(cost.knowsPrefill()).isFalse();
    observe(1000, 1, false);
    assertThat(cost.prefillMillis()).isEqualTo(GUESS);
    assertThat(cost.knowsPrefill()).isFalse();

    observe(30, 1, true);
    observe(1000, 1, false);
    assertLearned(1);
  }

  /** Where every step is alike the three numbers cannot be told apart, but their sum is known. */
  @Test
  void stepsThatAreAllAlikeAreStillForetold() {
    for (int i = 0; i < 500; i++) {
      cost.observe(10, 0, 80, 260);
    }

    assertThat(cost.stepMillis(8)).isCloseTo(26, within(0.1));
    assertThat(cost.fixedMillis()).isNotNegative();
    assertThat(cost.decodeMillis()).isNotNegative();
  }
}
