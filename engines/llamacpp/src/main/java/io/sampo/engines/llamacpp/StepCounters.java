package io.sampo.engines.llamacpp;

import io.sampo.engines.spi.EngineStats;

/** What an engine's thread counts for {@link EngineStats}. */
final class StepCounters {

  /** So few rows take as long as one: their time says nothing of a long prompt's. */
  private static final int FEW_ROWS = 8;

  private final RateMeter prefill = new RateMeter();
  private final RateMeter decode = new RateMeter();
  private long promptTokens;
  private long cachedTokens;
  private long generatedTokens;
  private long steps;

  void began(int prompt, int cached) {
    promptTokens += prompt;
    cachedTokens += cached;
  }

  void generated() {
    generatedTokens++;
  }

  /**
   * Counts a step before its results are taken. Its whole time goes to both rates: what a mixed
   * step slows down is part of the truth.
   */
  void stepped(Lineup lineup, long nanos) {
    int prompts = 0;
    int answers = 0;
    for (int i = 0; i < lineup.running().size(); i++) {
      if (lineup.running().get(i).answers()) {
        answers += lineup.rows(i);
      } else {
        prompts += lineup.rows(i);
      }
    }
    double seconds = nanos / 1e9;
    if (prompts > FEW_ROWS) {
      prefill.add(prompts, seconds);
    }
    if (answers > 0) {
      decode.add(answers, seconds);
    }
    steps++;
  }

  EngineStats stats(Lineup lineup, int arriving, long kvTotal) {
    return new EngineStats(
        lineup.running().size(),
        arriving + lineup.waiting().size(),
        lineup.usedCells(),
        kvTotal,
        prefill.tokensPerSecond(),
        decode.tokensPerSecond(),
        promptTokens,
        cachedTokens,
        generatedTokens,
        steps,
        lineup.preemptions());
  }
}
