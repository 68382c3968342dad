package io.sampo.cluster.gateway.decode;

import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.json.Fields;
import io.sampo.cluster.gateway.json.Refusal;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Fields of the API whose part is not built. A value that asks for nothing passes, because client
 * libraries send such values by themselves; any other is refused by name.
 */
final class UnsupportedFields {

  private static final List<String> ANY_VALUE =
      List.of(
          "audio",
          "chat_template",
          "functions",
          "function_call",
          "image_embeds",
          "prediction",
          "prompt_embeds",
          "structured_outputs",
          "web_search_options");

  private UnsupportedFields() {}

  static void check(Fields fields) {
    for (String name : ANY_VALUE) {
      JsonNode value = fields.value(name);
      if (value != null && !empty(value)) {
        throw unsupported(name);
      }
    }
    checkModalities(fields.value("modalities"));
    if (fields.flag("background", false)) {
      throw unsupported("background");
    }
  }

  /** Refuses what other servers know that would change a vector. */
  static void checkEmbeddings(Fields fields) {
    refuse(
        fields,
        "cache_salt",
        "embd_normalize",
        "input_type",
        "instruction",
        "late_chunking",
        "lora",
        "normalize",
        "task",
        "truncate",
        "truncate_prompt_tokens");
  }

  /** Refuses what other servers know that would change a ranking. */
  static void checkRanking(Fields fields) {
    refuse(
        fields,
        "cache_salt",
        "lora",
        "max_chunks_per_doc",
        "max_tokens_per_doc",
        "rank_fields",
        "raw_scores",
        "texts",
        "truncate",
        "truncate_prompt_tokens");
  }

  private static void refuse(Fields fields, String... names) {
    for (String name : names) {
      JsonNode value = fields.value(name);
      if (value != null && !empty(value)) {
        throw unsupported(name);
      }
    }
  }

  /** Whether a value asks for nothing. */
  static boolean empty(JsonNode value) {
    return value.isContainer() ? value.isEmpty() : value.isString() && value.asString().isEmpty();
  }

  /** Refuses tools where a prompt has no place for them. */
  static void checkTools(Fields fields) {
    JsonNode tools = fields.value("tools");
    if (tools != null && !empty(tools)) {
      throw unsupported("tools");
    }
  }

  /** Refuses what only a completion has. */
  static void checkCompletionOnly(Fields fields) {
    if (fields.flag("echo", false)) {
      throw unsupported("echo");
    }
    String suffix = fields.text("suffix");
    if (suffix != null && !suffix.isEmpty()) {
      throw unsupported("suffix");
    }
  }

  /** Refuses log probabilities where the answer has no place for them. */
  static void checkProbabilities(Fields fields) {
    if (fields.integer("n_probs", 0, Integer.MAX_VALUE, 0) > 0) {
      throw unsupported("n_probs");
    }
  }

  private static void checkModalities(@Nullable JsonNode modalities) {
    if (modalities == null) {
      return;
    }
    for (JsonNode one : modalities) {
      if (!one.isString() || !one.stringValue().equals("text")) {
        throw unsupported("modalities");
      }
    }
  }

  private static Refusal unsupported(String name) {
    return new Refusal(Failure.unsupported(name));
  }
}
