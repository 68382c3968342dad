package io.sampo.actors.replica;

import io.sampo.engines.spi.EngineStats;
import java.time.Duration;

/**
 * When an engine last showed that it works. What it computes for its sequences is a proof; only one
 * that has stood still for long needs to be asked.
 */
final class Proof {

  private long steps;
  private long nanos = System.nanoTime();
  private boolean asked;

  void asked() {
    asked = true;
  }

  void answered() {
    asked = false;
  }

  /** Whether the engine was asked and may still answer. */
  boolean awaited() {
    return asked;
  }

  /** Whether the engine has computed anything since this was asked before. */
  boolean renewed(EngineStats stats) {
    boolean moved = stats.steps() != steps;
    if (moved) {
      steps = stats.steps();
      nanos = System.nanoTime();
    }
    return moved;
  }

  boolean olderThan(Duration age) {
    return System.nanoTime() - nanos > age.toNanos();
  }
}
