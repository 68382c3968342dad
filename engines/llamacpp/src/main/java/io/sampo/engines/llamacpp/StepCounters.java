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
  private long draftedTokens;
  private long acceptedTokens;
  private int stepDrafted;
  private int stepAccepted;
  private long steps;
  private long prefillTokens;
  private long decodeTokens;
  private long stepNanos;

  void began(int prompt, int cached) {
    promptTokens += prompt;
    cachedTokens += cached;
  }

  void generated(int tokens) {
    generatedTokens += tokens;
  }

  /** Counts a draft of a step that is counted next. */
  void drafted(int drafted, int accepted) {
    draftedTokens += drafted;
    acceptedTokens += accepted;
    stepDrafted += drafted;
    stepAccepted += accepted;
  }

  /**
   * Counts a step. Its whole time goes to both rates: what a mixed step slows down is part of the
   * truth. Drafted tokens that did not stand are no part of a rate.
   *
   * @param rows all of them
   * @param answering rows that continued an answer, without drafted ones
   */
  void stepped(int rows, int answering, long nanos) {
    int prompts = rows - answering - stepDrafted;
    int answers = answering + stepAccepted;
    stepDrafted = 0;
    stepAccepted = 0;
    double seconds = nanos / 1e9;
    if (prompts > FEW_ROWS) {
      prefill.add(prompts, seconds);
    }
    if (answers > 0) {
      decode.add(answers, seconds);
    }
    steps++;
    prefillTokens += prompts;
    decodeTokens += answering;
    stepNanos += nanos;
  }

  /** How many steps there were. */
  long steps() {
    return steps;
  }

  EngineStats stats(Lineup lineup, int arriving, long kvTotal) {
    return new EngineStats(
        lineup.running().size(),
        arriving + lineup.waiting().size(),
        lineup.usedCells(),
        lineup.retainedCells(),
        kvTotal,
        prefill.tokensPerSecond(),
        decode.tokensPerSecond(),
        promptTokens,
        cachedTokens,
        generatedTokens,
        draftedTokens,
        acceptedTokens,
        steps,
        lineup.preemptions(),
        prefillTokens,
        decodeTokens,
        stepNanos);
  }
}
