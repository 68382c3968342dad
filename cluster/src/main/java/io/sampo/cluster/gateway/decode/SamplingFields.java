package io.sampo.cluster.gateway.decode;

import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.json.Fields;
import io.sampo.cluster.gateway.json.Refusal;
import io.sampo.engines.spi.Sampling;
import java.security.SecureRandom;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** How the next token is chosen, as OpenAI, llama-server and vLLM name it. */
final class SamplingFields {

  static final int MAX_LOGIT_BIAS = 300;
  static final int MAX_TOP_LOGPROBS = 20;

  private static final double MAX_REPEAT_PENALTY = 10;
  private static final int MAX_REPEAT_TOKENS = 1 << 20;
  private static final RandomGenerator SEEDS = new SecureRandom();

  private SamplingFields() {}

  /**
   * @param topLogprobs as in {@link Sampling#topLogprobs}
   * @param vocabularySize bound of the ids in {@code logit_bias}
   */
  static Sampling decode(Fields fields, Sampling defaults, int topLogprobs, int vocabularySize) {
    Bias bias = bias(fields, vocabularySize);
    return new Sampling(
        (float) fields.number("temperature", 0, 2, defaults.temperature()),
        topK(fields, defaults),
        (float) fields.number("top_p", 0, 1, defaults.topP()),
        (float) fields.number("min_p", 0, 1, defaults.minP()),
        (float) fields.number("typical_p", 0, 1, defaults.typicalP()),
        repeatPenalty(fields, defaults),
        (int) fields.integer("repeat_last_n", -1, MAX_REPEAT_TOKENS, defaults.repeatLastTokens()),
        (float) fields.number("frequency_penalty", -2, 2, defaults.frequencyPenalty()),
        (float) fields.number("presence_penalty", -2, 2, defaults.presencePenalty()),
        seed(fields),
        0,
        bias.ids,
        bias.shifts,
        fields.flag("ignore_eos", false),
        topLogprobs,
        null);
  }

  /** llama-server turns the filter off by 0, vLLM by -1. */
  private static int topK(Fields fields, Sampling defaults) {
    return (int) Math.max(0, fields.integer("top_k", -1, Integer.MAX_VALUE, defaults.topK()));
  }

  private static float repeatPenalty(Fields fields, Sampling defaults) {
    String name = fields.has("repeat_penalty") ? "repeat_penalty" : "repetition_penalty";
    double penalty = fields.number(name, 0, MAX_REPEAT_PENALTY, defaults.repeatPenalty());
    if (penalty == 0) {
      throw fields.refuse(name, "must be over 0");
    }
    return (float) penalty;
  }

  private static long seed(Fields fields) {
    return fields.has("seed")
        ? fields.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE, 0)
        : SEEDS.nextLong();
  }

  private record Bias(int[] ids, float[] shifts) {}

  private static Bias bias(Fields fields, int vocabularySize) {
    JsonNode value = fields.value("logit_bias");
    if (value == null) {
      return new Bias(new int[0], new float[0]);
    }
    if (!(value instanceof ObjectNode object) || object.size() > MAX_LOGIT_BIAS) {
      throw fields.refuse(
          "logit_bias", "must be an object of at most " + MAX_LOGIT_BIAS + " token ids");
    }
    Bias bias = new Bias(new int[object.size()], new float[object.size()]);
    int i = 0;
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      bias.ids[i] = token(fields, entry.getKey(), vocabularySize);
      bias.shifts[i++] = shift(fields, entry.getValue());
    }
    return bias;
  }

  private static int token(Fields fields, String text, int vocabularySize) {
    long id;
    try {
      id = Long.parseLong(text);
    } catch (NumberFormatException _) {
      throw fields.refuse("logit_bias", "its names must be token ids");
    }
    if (id < 0 || id >= vocabularySize) {
      throw new Refusal(Failure.invalidTokenId("logit_bias", id, vocabularySize));
    }
    return (int) id;
  }

  private static float shift(Fields fields, @Nullable JsonNode value) {
    if (value == null || !value.isNumber() || Math.abs(value.doubleValue()) > 100) {
      throw fields.refuse("logit_bias", "its values must be numbers from -100 to 100");
    }
    return (float) value.doubleValue();
  }
}
