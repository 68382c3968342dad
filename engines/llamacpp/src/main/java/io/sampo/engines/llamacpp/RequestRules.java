package io.sampo.engines.llamacpp;

import io.sampo.engines.spi.EmbeddingRequest;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.Grammar;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceRequest;
import io.sampo.engines.spi.grammar.GrammarCheck;
import io.sampo.engines.spi.grammar.GrammarProblem;

/** What a request must obey before native code sees it. The first rule broken is the answer. */
final class RequestRules {

  private static final int MAX_TOP_LOGPROBS = 20;

  private RequestRules() {}

  /**
   * Checks a request.
   *
   * @throws EngineException INVALID_REQUEST with the rule
   */
  static void check(SequenceRequest request, EngineCapabilities engine) {
    int[] prompt = request.promptIds();
    require(prompt.length > 0, "the prompt is empty");
    require(
        prompt.length < engine.contextTokens(),
        "the prompt of "
            + prompt.length
            + " tokens leaves no room for an answer in the context of "
            + engine.contextTokens());
    for (int token : prompt) {
      checkToken(token, engine);
    }
    checkSampling(request.sampling(), engine);
  }

  /**
   * Checks an embedding request.
   *
   * @throws EngineException INVALID_REQUEST with the rule
   */
  static void check(EmbeddingRequest request, EngineCapabilities engine) {
    int[] lengths = request.lengths();
    for (int input = 0; input < lengths.length; input++) {
      if (lengths[input] > engine.contextTokens()) {
        throw invalid(
            "input %d has %d tokens, more than the %d that the model takes at once"
                .formatted(input, lengths[input], engine.contextTokens()));
      }
    }
    for (int token : request.ids()) {
      checkToken(token, engine);
    }
  }

  private static void checkSampling(Sampling s, EngineCapabilities engine) {
    require(inRange(s.temperature(), 0, 100), "temperature must be 0 to 100");
    require(s.topK() >= 0, "topK must not be negative");
    require(inRange(s.topP(), 0, 1), "topP must be 0 to 1");
    require(inRange(s.minP(), 0, 1), "minP must be 0 to 1");
    require(inRange(s.typicalP(), 0, 1), "typicalP must be 0 to 1");
    require(
        inRange(s.repeatPenalty(), 0, 100) && s.repeatPenalty() > 0,
        "repeatPenalty must be above 0, up to 100");
    require(s.repeatLastTokens() >= -1, "repeatLastTokens must be -1 or more");
    require(inRange(s.frequencyPenalty(), -100, 100), "frequencyPenalty must be -100 to 100");
    require(inRange(s.presencePenalty(), -100, 100), "presencePenalty must be -100 to 100");
    require(
        s.topLogprobs() >= -1 && s.topLogprobs() <= MAX_TOP_LOGPROBS,
        "topLogprobs must be -1 to " + MAX_TOP_LOGPROBS);
    for (int token : s.logitBiasIds()) {
      checkToken(token, engine);
    }
    Grammar grammar = s.grammar();
    if (grammar != null) {
      checkGrammar(grammar, engine);
    }
    for (float shift : s.logitBiases()) {
      require(shift < Float.POSITIVE_INFINITY, "a logit bias must be a number, or minus infinity");
    }
  }

  private static void checkGrammar(Grammar grammar, EngineCapabilities engine) {
    GrammarProblem problem = GrammarCheck.problemOf(grammar.text());
    if (problem != null) {
      throw invalid("the grammar is refused: " + problem.reason());
    }
    for (int token : grammar.triggerTokens()) {
      checkToken(token, engine);
    }
    for (int token : grammar.prefill()) {
      checkToken(token, engine);
    }
  }

  private static void checkToken(int token, EngineCapabilities engine) {
    if (token < 0 || token >= engine.vocabularySize()) {
      throw invalid("token " + token + " is outside the vocabulary of " + engine.vocabularySize());
    }
  }

  /** False for NaN too. */
  private static boolean inRange(float value, float low, float high) {
    return value >= low && value <= high;
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw invalid(rule);
    }
  }

  private static EngineException invalid(String rule) {
    return new EngineException(Kind.INVALID_REQUEST, rule);
  }
}
