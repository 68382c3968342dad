package io.sampo.cluster.gateway.answer;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.actors.standby.StreamRecord;
import io.sampo.cluster.gateway.decode.Call;
import io.sampo.cluster.gateway.json.StrictJson;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A streamed request in words that any gateway of the cluster understands: what came over HTTP, the
 * seed that was chosen for it, and what its answer is called.
 *
 * @param id the answer's, as its events tell it
 * @param createdSeconds since 1970, as its events tell it
 * @param headers those that decide about the answer, by lowercase name
 * @param body as it came, with a seed
 */
record StreamOrigin(
    Door door, String id, long createdSeconds, ObjectNode headers, ObjectNode body) {

  private static final List<String> HEADERS =
      List.of("x-session-id", "x-request-timeout-ms", "x-sampo-cache");

  /**
   * Whether a client may come back to such a stream. What tells tokens of the prompt or log
   * probabilities is not computed a second time, and many answers would not fit into an event's id.
   */
  static boolean resumable(Call call) {
    return !call.logprobs()
        && !call.request().echo()
        && call.request().answers() <= StreamRecord.MAX_ANSWERS;
  }

  static StreamOrigin of(
      Door door,
      String id,
      long createdSeconds,
      Call call,
      Function<String, Optional<String>> header,
      ObjectNode body) {
    ObjectNode headers = JsonNodeFactory.instance.objectNode();
    HEADERS.forEach(name -> header.apply(name).ifPresent(value -> headers.put(name, value)));
    ObjectNode seeded = JsonNodeFactory.instance.objectNode();
    seeded.setAll(body);
    seeded.put("seed", call.request().sampling().seed());
    return new StreamOrigin(door, id, createdSeconds, headers, seeded);
  }

  /** Reads what {@link #toString} wrote. */
  static StreamOrigin parse(String text) {
    ObjectNode json = StrictJson.object(text.getBytes(UTF_8));
    return new StreamOrigin(
        Door.valueOf(json.get("door").stringValue()),
        json.get("id").stringValue(),
        json.get("created").longValue(),
        (ObjectNode) json.get("headers"),
        StrictJson.object(json.get("body").stringValue().getBytes(UTF_8)));
  }

  Optional<String> header(String lowercaseName) {
    return Optional.ofNullable(headers.get(lowercaseName)).map(value -> value.stringValue());
  }

  @Override
  public String toString() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("door", door.name()).put("id", id).put("created", createdSeconds);
    json.set("headers", headers);
    // As text, so that it is read as strictly, and may be nested as deeply, as when it came.
    json.put("body", body.toString());
    return json.toString();
  }
}
