package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class StepTimeTest {

  private final StepTime time = new StepTime();
  private final Random random = new Random(3);

  private static double real(int answers, int prompts) {
    return 12 + 10.5 * answers + 5.6 * prompts;
  }

  /** Steps as a loaded engine runs them, with errors of some percent. */
  private void run(int steps, double factor) {
    for (int i = 0; i < steps; i++) {
      int answers = random.nextInt(17);
      int prompts = random.nextInt(3) == 0 ? 0 : random.nextInt(64);
      if (answers + prompts > 0) {
        double noise = 1 + 0.03 * random.nextGaussian();
        time.observe(answers, 0, prompts, factor * real(answers, prompts) * noise);
      }
    }
  }

  private void assertPredicts(double factor, double percent) {
    for (int answers = 1; answers <= 16; answers += 5) {
      for (int prompts = 0; prompts <= 60; prompts += 20) {
        assertThat(time.predictMillis(answers, 0, prompts))
            .isCloseTo(factor * real(answers, prompts), Percentage.withPercentage(percent));
      }
    }
  }

  @Test
  void learnsTheCostOfAStepFromAFew() {
    run(30, 1);
    assertPredicts(1, 15);
    assertThat(time.promptRowsWithin(100)).isCloseTo(18, within(2));
  }

  @Test
  void knowsPromptRowsAfterOneFullBatch() {
    time.observe(0, 0, 512, real(0, 512));
    assertThat(time.promptRowsWithin(56)).isCloseTo(10, within(1));
  }

  /** As where answers to short prompts run for a while and then a long prompt comes. */
  @Test
  void knowsPromptRowsAfterOneFullBatchAlsoWhenAnswersRanForLong() {
    time.observe(0, 0, 1, 22);
    for (int i = 0; i < 200; i++) {
      time.observe(4, 0, 0, real(4, 0) * (1 + 0.03 * random.nextGaussian()));
    }
    time.observe(4, 0, 508, real(4, 508));
    assertThat(time.promptRowsWithin(56)).isCloseTo(10, within(2));
  }

  @Test
  void knowsWhatADraftedTokenCostsWhereOneAnswerRunsAlone() {
    for (int i = 0; i < 60; i++) {
      int drafted = random.nextInt(5);
      time.observe(1, drafted, 0, (22 + 6 * drafted) * (1 + 0.03 * random.nextGaussian()));
    }
    assertThat(time.answersMillis(1)).isCloseTo(22, within(2.0));
    assertThat(time.draftedMillis()).isCloseTo(6, within(1.0));
  }

  @Test
  void isNotMisledByAStepThatWasHeldUp() {
    run(60, 1);
    time.observe(4, 0, 20, 10 * real(4, 20));
    assertPredicts(1, 15);
    time.observe(4, 0, 20, 0.1 * real(4, 20));
    assertPredicts(1, 15);
  }

  @Test
  void followsALastingChange() {
    run(60, 1);
    run(60, 3);
    assertPredicts(3, 20);
  }

  @Test
  void neverTakesACostBelowNothing() {
    for (int i = 0; i < 100; i++) {
      time.observe(
          random.nextInt(3), random.nextInt(5), 1 + random.nextInt(600), 1 + random.nextInt(1000));
      assertThat(time.predictMillis(0, 0, 0)).isNotNegative();
      assertThat(time.promptRowsWithin(10)).isNotNegative();
    }
  }
}
