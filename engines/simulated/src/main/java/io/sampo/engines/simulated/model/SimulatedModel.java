package io.sampo.engines.simulated.model;

import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.TokenLogprobs;
import java.util.Arrays;

/**
 * The model that is a hash: the next token is hash(seed, prefix). A prefix is held as one long, its
 * <em>state</em>, which is extended token by token, so a step costs the same at any length. The low
 * 16 bits of a state are its last token, for a character that was begun must be ended by the tokens
 * that follow; the other 48 are the hash.
 *
 * <p>The request's choice, and at a temperature above 0 its seed, are hashed into each draw; other
 * sampling settings change nothing. The mixing function is the finalizer of SplitMix64 (Steele,
 * Lea, Flood 2014; Stafford's variant 13).
 *
 * @param seed another seed is another model
 * @param endProbability how likely each token is to be the end of the answer, 0 to 1
 */
public record SimulatedModel(long seed, double endProbability) {

  private static final long GOLDEN = 0x9E3779B97F4A7C15L;
  private static final long LAST = 0xFFFFL;

  public SimulatedModel {
    if (!(endProbability >= 0 && endProbability <= 1)) {
      throw new IllegalArgumentException("endProbability must be 0 to 1: " + endProbability);
    }
  }

  /** The state of the empty prefix. */
  public long begin() {
    return mix(seed + GOLDEN) & ~LAST;
  }

  /** The state of a prefix with one more token. */
  public static long extend(long state, int token) {
    return (mix(state + GOLDEN * (token + 1L)) & ~LAST) | token;
  }

  /** The state of a whole prefix. */
  public long stateOf(int... prefix) {
    long state = begin();
    for (int token : prefix) {
      state = extend(state, token);
    }
    return state;
  }

  /** What the sampling settings add to each draw. */
  public static long streamKey(Sampling sampling) {
    long key = mix(GOLDEN * (sampling.choice() + 1L));
    return sampling.temperature() > 0 ? mix(key ^ sampling.seed()) + 1 : key;
  }

  /**
   * The token that follows a prefix.
   *
   * @param streamKey of {@link #streamKey}
   * @param mayEnd whether the end token may be the answer
   */
  public int next(long state, long streamKey, boolean mayEnd) {
    int last = (int) (state & LAST);
    if (SimulatedVocabulary.continues(last)) {
      return last + 1;
    }
    long draw = mix(state ^ streamKey);
    if (mayEnd && uniform(draw) < endProbability) {
      return SimulatedVocabulary.END;
    }
    return SimulatedVocabulary.frequent((int) mix(draw));
  }

  /** The token that follows a prefix; {@link SimulatedVocabulary#END} where the answer ends. */
  public int next(int[] prefix, Sampling sampling) {
    return next(stateOf(prefix), streamKey(sampling), !sampling.ignoreEndOfText());
  }

  /**
   * The whole answer to a prompt, without its end token.
   *
   * @param maxTokens the most tokens it may have
   */
  public int[] answer(int[] prompt, Sampling sampling, int maxTokens) {
    int[] ids = new int[maxTokens];
    long state = stateOf(prompt);
    long key = streamKey(sampling);
    for (int i = 0; i < maxTokens; i++) {
      ids[i] = next(state, key, !sampling.ignoreEndOfText());
      if (ids[i] == SimulatedVocabulary.END) {
        return Arrays.copyOf(ids, i);
      }
      state = extend(state, ids[i]);
    }
    return ids;
  }

  /**
   * Made-up log probabilities that fit together: the chosen token has more than half of the
   * probability, each following one half of what is left.
   *
   * @param state of the prefix before the chosen token
   * @param tops how many of the likeliest tokens to name, 0 to 20
   */
  public static TokenLogprobs logprobs(long state, long streamKey, int chosen, int tops) {
    double probability = 0.5 + uniform(mix(state ^ streamKey)) / 2;
    int[] ids = new int[tops];
    float[] logs = new float[tops];
    double left = 1 - probability;
    for (int i = 0; i < tops; i++) {
      ids[i] = (chosen + i) % SimulatedVocabulary.END;
      logs[i] = (float) Math.log(i == 0 ? probability : left);
      left /= 2;
    }
    return new TokenLogprobs((float) Math.log(probability), ids, logs);
  }

  /** 53 bits as a number from 0 to below 1. */
  private static double uniform(long bits) {
    return (bits >>> 11) * 0x1p-53;
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
