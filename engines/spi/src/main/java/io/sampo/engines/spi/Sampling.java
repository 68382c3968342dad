package io.sampo.engines.spi;

import org.jspecify.annotations.Nullable;

/**
 * How the next token is chosen from the model's distribution. The filters apply in llama.cpp's
 * order: logit bias, penalties, top-k, typical, top-p, min-p, temperature; then one draw by a
 * counter-based generator of (seed, choice, token index), so that another replica can continue the
 * same random stream.
 *
 * @param temperature 0 takes the likeliest token; up to 2
 * @param topK keeps this many of the likeliest tokens; 0 keeps all
 * @param topP keeps the likeliest tokens up to this total probability; 1 keeps all
 * @param minP drops tokens below this share of the likeliest one's probability; 0 drops none
 * @param typicalP locally typical sampling (Meister et al. 2022); 1 is off
 * @param repeatPenalty divides the logits of recent tokens; 1 is off
 * @param repeatLastTokens how many tokens back the penalties look; 0 is off, -1 is the whole
 *     context
 * @param frequencyPenalty subtracted once for each recent occurrence; 0 is off
 * @param presencePenalty subtracted once for each recent token; 0 is off
 * @param seed of the random stream
 * @param choice which of several answers to one request this is; part of the random stream's key
 * @param logitBiasIds tokens whose logits are shifted
 * @param logitBiases the shifts, as many as there are ids
 * @param ignoreEndOfText go on past the model's own end
 * @param topLogprobs report log probabilities: -1 none, else of the chosen token and this many
 *     likeliest ones (0 to 20)
 * @param grammar what the answer must obey, or null; where a choice breaks it, the choice is made
 *     anew among the tokens that obey
 */
public record Sampling(
    float temperature,
    int topK,
    float topP,
    float minP,
    float typicalP,
    float repeatPenalty,
    int repeatLastTokens,
    float frequencyPenalty,
    float presencePenalty,
    long seed,
    int choice,
    int[] logitBiasIds,
    float[] logitBiases,
    boolean ignoreEndOfText,
    int topLogprobs,
    @Nullable Grammar grammar) {

  /** Always the likeliest token, nothing else. */
  public static final Sampling GREEDY =
      new Sampling(
          0f, 0, 1f, 0f, 1f, 1f, 0, 0f, 0f, 0L, 0, new int[0], new float[0], false, -1, null);

  public Sampling {
    if (logitBiasIds.length != logitBiases.length) {
      throw new IllegalArgumentException("logit bias: ids and shifts differ in number");
    }
  }

  /** This for another of a request's answers. */
  public Sampling withChoice(int other) {
    return with(other, grammar);
  }

  /** This under a grammar. */
  public Sampling withGrammar(@Nullable Grammar other) {
    return with(choice, other);
  }

  private Sampling with(int otherChoice, @Nullable Grammar otherGrammar) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repeatPenalty,
        repeatLastTokens,
        frequencyPenalty,
        presencePenalty,
        seed,
        otherChoice,
        logitBiasIds,
        logitBiases,
        ignoreEndOfText,
        topLogprobs,
        otherGrammar);
  }
}
