package io.sampo.cluster.gateway.decode;

import io.sampo.engines.spi.Sampling;
import java.time.Duration;

/**
 * What holds where a request is silent, and the bounds where it is not.
 *
 * @param sampling its seed, choice, bias and log probabilities are not used
 * @param completionMaxTokens the longest answer of {@code /v1/completions}; {@link
 *     Integer#MAX_VALUE} for the context's end
 * @param timeout from the request to its last token
 * @param maxTimeout the longest that a client may ask for
 */
public record Defaults(
    Sampling sampling, int completionMaxTokens, Duration timeout, Duration maxTimeout) {

  public Defaults {
    if (timeout.isNegative() || timeout.isZero() || timeout.compareTo(maxTimeout) > 0) {
      throw new IllegalArgumentException(
          "request-timeout must be over 0 and not over max-request-timeout");
    }
    if (completionMaxTokens < 1) {
      throw new IllegalArgumentException("completion-max-tokens must be at least 1");
    }
  }
}
