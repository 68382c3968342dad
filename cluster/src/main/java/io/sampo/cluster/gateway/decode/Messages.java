package io.sampo.cluster.gateway.decode;

import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.json.Fields;
import io.sampo.cluster.gateway.json.JsonBytes;
import io.sampo.cluster.gateway.json.Refusal;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Checks a conversation and writes it anew with nothing in it but what the chat template may see:
 * role, name, content as one string, reasoning, tool calls and their ids. {@code developer}, which
 * templates do not know, becomes {@code system}.
 */
final class Messages {

  static final int MAX_MESSAGES = 2048;

  private static final Set<String> ROLES =
      Set.of("system", "developer", "user", "assistant", "tool");

  private static final Set<String> PARTS = Set.of("text", "refusal");

  private Messages() {}

  static String decode(Fields fields) {
    JsonNode value = fields.value("messages");
    if (!(value instanceof ArrayNode messages)) {
      throw fields.refuse("messages", "must be an array of messages");
    }
    if (messages.isEmpty()) {
      throw new Refusal(Failure.emptyPrompt("messages"));
    }
    if (messages.size() > MAX_MESSAGES) {
      throw fields.refuse("messages", "must hold at most " + MAX_MESSAGES + " messages");
    }
    JsonBytes json = new JsonBytes(1024).raw("[");
    for (int i = 0; i < messages.size(); i++) {
      json.raw(i == 0 ? "" : ",");
      write(json, message(messages.get(i), "messages[" + i + "]"), "messages[" + i + "].");
    }
    return new String(json.raw("]").toArray(), StandardCharsets.UTF_8);
  }

  private static Fields message(JsonNode value, String path) {
    if (!(value instanceof ObjectNode object)) {
      throw Refusal.invalidValue(path, "must be an object");
    }
    return new Fields(object, path + ".");
  }

  private static void write(JsonBytes json, Fields message, String path) {
    String role = message.text("role");
    if (role == null || !ROLES.contains(role)) {
      throw message.refuse("role", "must be system, developer, user, assistant or tool");
    }
    json.raw("{").name("role").string(role.equals("developer") ? "system" : role);
    JsonNode calls = message.value("tool_calls");
    String content = content(message, role.equals("assistant"), path);
    json.raw(",").name("content");
    if (content == null) {
      json.raw("null");
    } else {
      json.string(content);
    }
    writeText(json, message, "name");
    writeText(json, message, "tool_call_id");
    writeText(json, message, "reasoning_content");
    if (calls != null) {
      writeToolCalls(json, calls, path + "tool_calls");
    }
    json.raw("}");
  }

  private static void writeText(JsonBytes json, Fields message, String name) {
    String value = message.text(name);
    if (value != null) {
      json.raw(",").name(name).string(value);
    }
  }

  private static @Nullable String content(Fields message, boolean optional, String path) {
    JsonNode content = message.value("content");
    if (content == null && optional) {
      return message.has("tool_calls") ? null : "";
    }
    if (content instanceof ArrayNode parts) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < parts.size(); i++) {
        text.append(part(parts.get(i), path + "content[" + i + "]"));
      }
      return text.toString();
    }
    if (content == null || !content.isString()) {
      throw message.refuse("content", "must be a string or an array of text parts");
    }
    return content.stringValue();
  }

  private static String part(JsonNode value, String path) {
    Fields part = message(value, path);
    String type = part.text("type");
    if (type == null || !PARTS.contains(type)) {
      throw part.refuse("type", "this server reads text parts only, no images, audio or files");
    }
    String text = part.text(type);
    if (text == null) {
      throw part.refuse(type, "must be a string");
    }
    return text;
  }

  private static void writeToolCalls(JsonBytes json, JsonNode value, String path) {
    if (!(value instanceof ArrayNode calls)) {
      throw Refusal.invalidValue(path, "must be an array of tool calls");
    }
    json.raw(",").name("tool_calls").raw("[");
    for (int i = 0; i < calls.size(); i++) {
      Fields call = message(calls.get(i), path + "[" + i + "]");
      Fields function = call.object("function");
      if (function == null) {
        throw call.refuse("function", "must be an object");
      }
      String name = function.text("name");
      String arguments = function.text("arguments");
      if (name == null || arguments == null) {
        throw call.refuse("function", "must have a name and arguments, both strings");
      }
      json.raw(i == 0 ? "{" : ",{").name("type").string("function");
      writeText(json, call, "id");
      json.raw(",").name("function").raw("{").name("name").string(name);
      json.raw(",").name("arguments").string(arguments).raw("}}");
    }
    json.raw("]");
  }
}
