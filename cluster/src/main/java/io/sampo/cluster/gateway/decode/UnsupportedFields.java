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
          "grammar",
          "image_embeds",
          "json_schema",
          "lora",
          "prediction",
          "prompt_embeds",
          "structured_outputs",
          "suffix",
          "tools",
          "web_search_options");

  private UnsupportedFields() {}

  static void check(Fields fields) {
    for (String name : ANY_VALUE) {
      JsonNode value = fields.value(name);
      if (value != null && !empty(value)) {
        throw unsupported(name);
      }
    }
    checkToolChoice(fields.value("tool_choice"));
    checkResponseFormat(fields);
    checkModalities(fields.value("modalities"));
    if (fields.flag("echo", false)) {
      throw unsupported("echo");
    }
    if (fields.flag("background", false)) {
      throw unsupported("background");
    }
  }

  private static boolean empty(JsonNode value) {
    return value.isContainer() ? value.isEmpty() : value.isString() && value.asString().isEmpty();
  }

  private static void checkToolChoice(@Nullable JsonNode choice) {
    if (choice != null
        && !(choice.isString() && List.of("none", "auto").contains(choice.stringValue()))) {
      throw unsupported("tool_choice");
    }
  }

  private static void checkResponseFormat(Fields fields) {
    Fields format = fields.object("response_format");
    if (format != null && !"text".equals(format.text("type"))) {
      throw unsupported("response_format");
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
