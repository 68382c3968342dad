package io.sampo.actors.replica;

import io.sampo.engines.spi.EngineStats;
import java.time.Duration;

/**
 * When an engine last showed that it works. What it computes for its sequences is a proof; only one
 * that has stood still for long needs to be asked.
 */
final class Proof {

  /** What is to be thought of an engine. */
  enum Verdict {
    /** It has shown that it works, or may still answer. */
    GOOD,
    /** It has done nothing for long and should be asked whether it can. */
    DOUBTED,
    /** It does nothing, although its sequences wait. */
    HANGS
  }

  private final Duration goodFor;
  private final Duration answerLimit;
  private long steps;
  private long nanos = System.nanoTime();
  private boolean asked;

  /**
   * @param goodFor how long a proof is good for; zero is for ever
   * @param answerLimit how long an answer may take
   */
  Proof(Duration goodFor, Duration answerLimit) {
    this.goodFor = goodFor;
    this.answerLimit = answerLimit;
  }

  void asked() {
    asked = true;
  }

  /**
   * The engine has answered, or not in time.
   *
   * @return whether it has computed anything meanwhile
   */
  boolean answered(EngineStats stats) {
    asked = false;
    return renewed(stats);
  }

  /**
   * Looks at a ready engine. One whose places are all taken cannot be asked; if nothing moves in it
   * for as long as an answer may take, it hangs.
   */
  Verdict judge(EngineStats stats, boolean full) {
    if (goodFor.isZero() || asked || renewed(stats) || !olderThan(goodFor)) {
      return Verdict.GOOD;
    }
    if (!full) {
      return Verdict.DOUBTED;
    }
    return olderThan(goodFor.plus(answerLimit)) ? Verdict.HANGS : Verdict.GOOD;
  }

  private boolean renewed(EngineStats stats) {
    boolean moved = stats.steps() != steps;
    if (moved) {
      steps = stats.steps();
      nanos = System.nanoTime();
    }
    return moved;
  }

  private boolean olderThan(Duration age) {
    return System.nanoTime() - nanos > age.toNanos();
  }
}
