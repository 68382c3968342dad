package io.sampo.actors.policy;

/**
 * How soon an answer is to begin and to go on.
 *
 * @param firstTokenMillis from the request to the first token (TTFT)
 * @param nextTokenMillis from one token to the next (ITL)
 */
public record Targets(double firstTokenMillis, double nextTokenMillis) {

  public Targets {
    if (!(firstTokenMillis > 0 && nextTokenMillis > 0)) {
      throw new IllegalArgumentException("targets must be above 0");
    }
  }
}
