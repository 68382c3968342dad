package io.sampo.engines.simulated;

import io.sampo.engines.spi.EngineStats;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the engine has done. Written by its thread alone, before any listener hears of it; read by
 * all.
 */
final class StepCounters {

  /** How much of the sums behind a rate each further step leaves. */
  private static final double FADING = 0.98;

  private final AtomicLong promptTokens = new AtomicLong();
  private final AtomicLong cachedTokens = new AtomicLong();
  private final AtomicLong generatedTokens = new AtomicLong();
  private final AtomicLong steps = new AtomicLong();
  private final AtomicLong prefillTokens = new AtomicLong();
  private final AtomicLong decodeTokens = new AtomicLong();
  private final AtomicLong stepNanos = new AtomicLong();
  private final AtomicLong kvTokens = new AtomicLong();
  private final AtomicLong retainedTokens = new AtomicLong();

  private final Rate prefill = new Rate();
  private final Rate decode = new Rate();

  void began(int promptLength, int cached) {
    add(promptTokens, promptLength);
    add(cachedTokens, cached);
  }

  void generated(int tokens) {
    add(generatedTokens, tokens);
  }

  void holds(long runningTokens, long retained) {
    kvTokens.lazySet(runningTokens + retained);
    retainedTokens.lazySet(retained);
  }

  /**
   * Counts a step.
   *
   * @param answers how many it went on with
   * @param nanos how long it lasted
   * @param prefillShare how much of that was prefill, 0 to 1
   */
  void stepped(int prefillTokens, int decodeTokens, int answers, long nanos, double prefillShare) {
    add(this.prefillTokens, prefillTokens);
    add(this.decodeTokens, answers);
    add(stepNanos, nanos);
    add(steps, 1);
    if (prefillTokens > 0) {
      prefill.add(prefillTokens, nanos * prefillShare);
    }
    if (decodeTokens > 0) {
      decode.add(decodeTokens, nanos * (1 - prefillShare));
    }
  }

  long generated() {
    return generatedTokens.get();
  }

  EngineStats snapshot(int running, int waiting, long kvTokensTotal) {
    return new EngineStats(
        running,
        waiting,
        kvTokens.get(),
        retainedTokens.get(),
        kvTokensTotal,
        prefill.perSecond,
        decode.perSecond,
        promptTokens.get(),
        cachedTokens.get(),
        generatedTokens.get(),
        0,
        0,
        steps.get(),
        0,
        prefillTokens.get(),
        decodeTokens.get(),
        stepNanos.get());
  }

  private static void add(AtomicLong counter, long amount) {
    counter.lazySet(counter.get() + amount);
  }

  /** Tokens a second over the last steps, by sums of which each older step has a smaller part. */
  private static final class Rate {
    private double tokens;
    private double nanos;
    private volatile double perSecond;

    void add(int stepTokens, double stepNanos) {
      tokens = tokens * FADING + stepTokens;
      nanos = nanos * FADING + Math.max(1, stepNanos);
      perSecond = tokens * 1e9 / nanos;
    }
  }
}
