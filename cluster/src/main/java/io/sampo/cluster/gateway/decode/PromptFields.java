package io.sampo.cluster.gateway.decode;

import io.sampo.actors.generation.GenerationRequest.Prompt;
import io.sampo.actors.generation.GenerationRequest.Text;
import io.sampo.actors.generation.GenerationRequest.Tokens;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.json.Fields;
import io.sampo.cluster.gateway.json.Refusal;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/**
 * What {@code /v1/completions} continues: a text, a text as token ids, or several of either in an
 * array.
 */
public final class PromptFields {

  static final int MAX_PROMPTS = 128;

  private static final String FORMS =
      "must be a string, an array of token ids, or an array of these";

  private PromptFields() {}

  static List<Prompt> decode(Fields fields, int vocabularySize) {
    JsonNode value = fields.value("prompt");
    if (value == null || !(value.isString() || value.isArray())) {
      throw fields.refuse("prompt", FORMS);
    }
    if (!(value instanceof ArrayNode array) || array.isEmpty() || !several(array.get(0))) {
      return List.of(one(value, "prompt", vocabularySize));
    }
    if (array.size() > MAX_PROMPTS) {
      throw fields.refuse("prompt", "must hold at most " + MAX_PROMPTS + " prompts");
    }
    List<Prompt> prompts = new ArrayList<>();
    for (JsonNode prompt : array) {
      String param = array.size() == 1 ? "prompt" : "prompt[" + prompts.size() + "]";
      if (!several(prompt)) {
        throw Refusal.invalidValue(param, "must be a string or an array of token ids");
      }
      prompts.add(one(prompt, param, vocabularySize));
    }
    return prompts;
  }

  /** Whether an array that begins with this holds prompts and not the tokens of one. */
  private static boolean several(JsonNode first) {
    return first.isString() || first.isArray();
  }

  private static Prompt one(JsonNode prompt, String param, int vocabularySize) {
    if (prompt instanceof ArrayNode ids) {
      return new Tokens(tokens(ids, param, vocabularySize));
    }
    if (prompt.stringValue().isEmpty()) {
      throw new Refusal(Failure.emptyPrompt(param));
    }
    return new Text(prompt.stringValue());
  }

  /** Token ids, each inside the vocabulary. */
  public static int[] tokens(ArrayNode array, String param, int vocabularySize) {
    if (array.isEmpty()) {
      throw new Refusal(Failure.emptyPrompt(param));
    }
    int[] ids = new int[array.size()];
    for (int i = 0; i < ids.length; i++) {
      JsonNode id = array.get(i);
      if (!id.isIntegralNumber() || !id.canConvertToLong()) {
        throw Refusal.invalidValue(param, "each token id must be an integer");
      }
      if (id.longValue() < 0 || id.longValue() >= vocabularySize) {
        throw new Refusal(Failure.invalidTokenId(param, id.longValue(), vocabularySize));
      }
      ids[i] = id.intValue();
    }
    return ids;
  }
}
