package io.sampo.actors.scheduler;

import io.sampo.engines.spi.EngineStats;
import org.jspecify.annotations.Nullable;

/** How fast one replica is, from what it reports. Not for several threads. */
final class Rates {

  private final StepCost steps;
  private Pace pace = Pace.UNKNOWN;
  private @Nullable EngineStats last;

  /**
   * @param prefillMillis of a prompt's token, until that is measured
   */
  Rates(double prefillMillis) {
    steps = new StepCost(prefillMillis);
  }

  /**
   * The replica has reported.
   *
   * @param measured what it says of a prompt's tokens
   * @return tokens that its answers have got since it reported before
   */
  long heard(Pace measured, @Nullable EngineStats stats) {
    pace = measured;
    EngineStats before = last;
    last = stats;
    if (stats == null || before == null || stats.steps() <= before.steps()) {
      return 0;
    }
    steps.observe(
        stats.steps() - before.steps(),
        (double) (stats.prefillTokens() - before.prefillTokens()),
        (double) (stats.decodeTokens() - before.decodeTokens()),
        (stats.stepNanos() - before.stepNanos()) / 1e6);
    return Math.max(0, stats.generatedTokens() - before.generatedTokens());
  }

  boolean knowsPrefill() {
    return steps.knowsPrefill();
  }

  StepCost steps() {
    return steps;
  }

  /** What a prompt's tokens cost: computed, as learned; taken from elsewhere, as reported. */
  Pace pace() {
    return steps.knowsPrefill() ? pace.withPrefill(steps.prefillMillis()) : pace;
  }
}
