package io.sampo.engines.spi;

/**
 * Log probabilities at one position, of the model's own distribution before any sampling filter.
 *
 * @param chosen natural logarithm of the chosen token's probability
 * @param topIds the likeliest tokens, likeliest first
 * @param topLogprobs their log probabilities
 */
public record TokenLogprobs(float chosen, int[] topIds, float[] topLogprobs) {}
