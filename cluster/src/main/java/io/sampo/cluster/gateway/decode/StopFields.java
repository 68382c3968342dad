package io.sampo.cluster.gateway.decode;

import io.sampo.cluster.gateway.json.Fields;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/** The texts that end an answer: one, or an array of a few. */
final class StopFields {

  private static final int MAX_STOPS = 4;
  private static final int MAX_STOP_BYTES = 1024;

  private StopFields() {}

  static List<String> decode(Fields fields) {
    JsonNode value = fields.value("stop");
    if (value == null) {
      return List.of();
    }
    List<JsonNode> nodes =
        value instanceof ArrayNode array ? array.valueStream().toList() : List.of(value);
    if (nodes.size() > MAX_STOPS) {
      throw fields.refuse("stop", "must hold at most " + MAX_STOPS + " texts");
    }
    List<String> stops = new ArrayList<>();
    for (JsonNode node : nodes) {
      if (!node.isString() || node.stringValue().isEmpty() || tooLong(node.stringValue())) {
        throw fields.refuse("stop", "each must be a string of 1 to " + MAX_STOP_BYTES + " bytes");
      }
      stops.add(node.stringValue());
    }
    return stops;
  }

  private static boolean tooLong(String stop) {
    return stop.getBytes(StandardCharsets.UTF_8).length > MAX_STOP_BYTES;
  }
}
