package io.sampo.cluster.gateway.constraint;

import io.sampo.actors.generation.GenerationRequest.Tools;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.json.Fields;
import io.sampo.cluster.gateway.json.JsonBytes;
import io.sampo.cluster.gateway.json.Refusal;
import io.sampo.engines.spi.ChatRequest.ToolChoice;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code tools}, {@code tool_choice} and {@code parallel_tool_calls} of the chat API. Tools are
 * written anew with nothing in them but what a chat template may see. Of a named choice the model
 * is told that one tool, and must call it.
 */
public final class ToolFields {

  static final int MAX_TOOLS = 128;

  private static final int MAX_DESCRIPTION_CHARS = 16_384;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}");
  private static final String NAME_RULE =
      "must have 1 to 64 letters, digits, hyphens or underscores";

  private ToolFields() {}

  public static @Nullable Tools decode(Fields fields) {
    Map<String, String> tools = tools(fields);
    boolean parallel = fields.flag("parallel_tool_calls", true);
    JsonNode choice = fields.value("tool_choice");
    if (choice instanceof ObjectNode named) {
      String name = name(new Fields(named, "tool_choice."));
      String tool = tools.get(name);
      if (tool == null) {
        throw fields.refuse("tool_choice", "must name one of the tools");
      }
      return new Tools("[" + tool + "]", ToolChoice.REQUIRED, parallel);
    }
    String word = choice == null ? "auto" : choice.isString() ? choice.stringValue() : "";
    ToolChoice kind =
        switch (word) {
          case "auto" -> ToolChoice.AUTO;
          case "required" -> ToolChoice.REQUIRED;
          case "none" -> ToolChoice.NONE;
          default ->
              throw fields.refuse("tool_choice", "must be auto, required, none or name a function");
        };
    if (tools.isEmpty()) {
      if (kind == ToolChoice.REQUIRED) {
        throw fields.refuse("tool_choice", "needs 'tools'");
      }
      return null;
    }
    return new Tools("[" + String.join(",", tools.values()) + "]", kind, parallel);
  }

  private static String name(Fields choice) {
    Fields function = choice.object("function");
    if (!"function".equals(choice.text("type")) || function == null) {
      throw choice.refuse("type", "must be 'function', beside a 'function' with its name");
    }
    String name = function.text("name");
    return name == null ? "" : name;
  }

  /** The tools' JSON by name, in their order. */
  private static Map<String, String> tools(Fields fields) {
    JsonNode value = fields.value("tools");
    if (value == null) {
      return Map.of();
    }
    if (!(value instanceof ArrayNode array) || array.size() > MAX_TOOLS) {
      throw fields.refuse("tools", "must be an array of at most " + MAX_TOOLS + " tools");
    }
    Map<String, String> tools = new LinkedHashMap<>();
    int bytes = 0;
    for (int i = 0; i < array.size(); i++) {
      String path = "tools[" + i + "].";
      if (!(array.get(i) instanceof ObjectNode tool)) {
        throw Refusal.invalidValue("tools[" + i + "]", "must be an object");
      }
      Fields function = function(new Fields(tool, path));
      String json = write(function);
      bytes += json.length();
      if (tools.putIfAbsent(String.valueOf(function.text("name")), json) != null) {
        throw function.refuse("name", "must differ from the other tools' names");
      }
    }
    if (bytes > SchemaCheck.MAX_BYTES) {
      throw new Refusal(
          Failure.grammarTooComplex("tools", "tools of " + SchemaCheck.MAX_BYTES + " bytes"));
    }
    return tools;
  }

  private static Fields function(Fields tool) {
    if (!"function".equals(tool.text("type"))) {
      throw tool.refuse("type", "must be 'function'; this server runs no tools itself");
    }
    Fields function = tool.object("function");
    if (function == null) {
      throw tool.refuse("function", "must be an object");
    }
    if (!checkName(function, "name")) {
      throw function.refuse("name", NAME_RULE);
    }
    return function;
  }

  /** Refuses a name that is there and breaks the rule; false when there is none. */
  static boolean checkName(Fields fields, String field) {
    String name = fields.text(field);
    if (name != null && !NAME.matcher(name).matches()) {
      throw fields.refuse(field, NAME_RULE);
    }
    return name != null;
  }

  private static String write(Fields function) {
    function.flag("strict", false);
    String description = function.text("description");
    if (description != null && description.length() > MAX_DESCRIPTION_CHARS) {
      throw function.refuse(
          "description", "must have at most " + MAX_DESCRIPTION_CHARS + " characters");
    }
    JsonNode parameters = function.value("parameters");
    if (parameters != null && !parameters.isObject()) {
      throw function.refuse("parameters", "must be an object, the schema of the arguments");
    }
    JsonBytes json = new JsonBytes(512).raw("{\"type\":\"function\",\"function\":{");
    json.name("name").string(String.valueOf(function.text("name")));
    json.raw(",").name("description").string(description == null ? "" : description);
    json.raw(",").name("parameters");
    String schema =
        parameters instanceof ObjectNode object && !object.isEmpty()
            ? SchemaCheck.checked(object, "tools")
            : "{\"type\":\"object\",\"properties\":{}}";
    json.raw(schema.getBytes(StandardCharsets.UTF_8));
    return new String(json.raw("}}").toArray(), StandardCharsets.UTF_8);
  }
}
