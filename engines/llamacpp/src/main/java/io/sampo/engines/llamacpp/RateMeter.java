package io.sampo.engines.llamacpp;

/** Tokens per second over recent steps: both sums fade by the same factor at each step. */
final class RateMeter {

  private static final double FADE = 0.95;

  private double tokens;
  private double seconds;

  void add(int stepTokens, double stepSeconds) {
    tokens = tokens * FADE + stepTokens;
    seconds = seconds * FADE + stepSeconds;
  }

  double tokensPerSecond() {
    return seconds > 0 ? tokens / seconds : 0;
  }
}
