package io.sampo.engines.llamacpp;

import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A conversation for a model without a chat template: the texts of the messages, line by line. */
final class PlainMessages {

  private static final JsonMapper JSON = JsonMapper.shared();

  private PlainMessages() {}

  /**
   * Joins the texts of messages with newlines; roles are left out.
   *
   * @param messagesJson as for {@link io.sampo.engines.spi.TextCodec#applyChatTemplate}
   */
  static String join(String messagesJson) {
    List<String> texts = new ArrayList<>();
    for (JsonNode message : array(messagesJson)) {
      JsonNode content = message.path("content");
      if (content.isString()) {
        texts.add(content.stringValue());
      }
      for (JsonNode part : content.isArray() ? content : List.<JsonNode>of()) {
        texts.add(part.path("text").asString(""));
      }
    }
    return String.join("\n", texts);
  }

  private static JsonNode array(String json) {
    try {
      JsonNode messages = JSON.readTree(json);
      if (messages.isArray()) {
        return messages;
      }
    } catch (JacksonException broken) {
      throw new EngineException(Kind.INVALID_REQUEST, "the messages are not JSON", broken);
    }
    throw new EngineException(Kind.INVALID_REQUEST, "the messages are not a JSON array");
  }
}
