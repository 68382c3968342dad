package io.sampo.cluster.gateway.constraint;

import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.json.Refusal;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Walks a JSON schema as libllama-common's converter will (json-schema.cpp, v0.5.0): once for each
 * type of a list of types, once for each reference and each time for one inside allOf. So what is
 * counted here is what would be done there. Patterns are replaced by their {@link SchemaPattern}.
 */
final class SchemaCheck {

  static final int MAX_BYTES = 64 << 10;
  static final int MAX_DEPTH = 64;

  private static final int MAX_NODES = 2_000;
  private static final int MAX_REPEATS = 2_000;
  private static final int MAX_NAME_BYTES = 256;
  private static final int MAX_PROPERTIES = 128;
  private static final int MAX_TYPES = 7;
  private static final long MAX_BOUND = 1_000_000_000_000_000L;
  private static final List<String> ALTERNATIVES = List.of("oneOf", "anyOf");

  private final ObjectNode root;
  private final String param;
  private final Set<String> followed = new HashSet<>();
  private final Set<ObjectNode> rewritten = Collections.newSetFromMap(new IdentityHashMap<>());
  private int nodes;

  private SchemaCheck(ObjectNode root, String param) {
    this.root = root;
    this.param = param;
  }

  /** The schema as text, safe to be converted. */
  static String checked(ObjectNode schema, String param) {
    if (schema.toString().getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
      throw tooComplex(param, "schema of " + MAX_BYTES + " bytes");
    }
    ObjectNode copy = schema.deepCopy();
    new SchemaCheck(copy, param).visit(copy, 1, false);
    return copy.toString();
  }

  /**
   * @param merged inside allOf, where the converter follows each reference anew
   */
  private void visit(@Nullable JsonNode node, int depth, boolean merged) {
    if (!(node instanceof ObjectNode schema)) {
      return;
    }
    if (depth > MAX_DEPTH) {
      throw tooComplex(param, "depth of " + MAX_DEPTH);
    }
    JsonNode types = schema.get("type");
    int times = types instanceof ArrayNode list ? Math.max(1, list.size()) : 1;
    if (times > MAX_TYPES) {
      throw invalid("a list of types is too long");
    }
    for (int i = 0; i < times; i++) {
      if (++nodes > MAX_NODES) {
        throw tooComplex(param, MAX_NODES + " schema nodes");
      }
      if (schema.has("$ref")) {
        follow(schema.get("$ref"), depth, merged);
      } else {
        visitParts(schema, depth, merged);
      }
    }
  }

  private void visitParts(ObjectNode schema, int depth, boolean merged) {
    checkCounts(schema, "minItems", "maxItems");
    checkCounts(schema, "minLength", "maxLength");
    checkBounds(schema);
    replacePattern(schema);
    for (String key : ALTERNATIVES) {
      visitAll(schema.get(key), depth, merged);
    }
    visitAll(schema.get("allOf"), depth, true);
    visitProperties(schema, depth);
    visit(schema.get("additionalProperties"), depth + 1, false);
    for (String key : List.of("items", "prefixItems")) {
      JsonNode items = schema.get(key);
      visitAll(items, depth, false);
      visit(items, depth + 1, false);
    }
  }

  private void visitAll(@Nullable JsonNode list, int depth, boolean merged) {
    if (list instanceof ArrayNode array) {
      array.forEach(each -> visit(each, depth + 1, merged));
    }
  }

  private void visitProperties(ObjectNode schema, int depth) {
    if (!(schema.get("properties") instanceof ObjectNode properties)) {
      return;
    }
    if (properties.size() > MAX_PROPERTIES) {
      throw tooComplex(param, MAX_PROPERTIES + " properties of an object");
    }
    for (Map.Entry<String, JsonNode> property : properties.properties()) {
      checkName(property.getKey());
      visit(property.getValue(), depth + 1, false);
    }
  }

  /** A longer run of characters costs the converter's regular expressions stack for each. */
  private void checkName(String name) {
    if (name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
      throw tooComplex(param, "name of " + MAX_NAME_BYTES + " bytes");
    }
  }

  private void follow(JsonNode ref, int depth, boolean merged) {
    if (!ref.isString() || !ref.stringValue().startsWith("#/")) {
      throw invalid("a $ref must begin with '#/', inside the same schema");
    }
    checkName(ref.stringValue());
    if (followed.add(ref.stringValue()) || merged) {
      visit(target(ref.stringValue()), depth + 1, merged);
    }
  }

  private JsonNode target(String ref) {
    JsonNode target = root;
    for (String step : ref.substring(2).split("/", -1)) {
      JsonNode next =
          target instanceof ArrayNode array
              ? step.matches("[0-9]{1,6}") ? array.get(Integer.parseInt(step)) : null
              : target.get(step);
      if (next == null) {
        throw invalid("a $ref leads to nothing");
      }
      target = next;
    }
    return target;
  }

  private void checkCounts(ObjectNode schema, String minKey, String maxKey) {
    long min = count(schema, minKey, 0);
    long max = count(schema, maxKey, MAX_REPEATS);
    if (min > max) {
      throw invalid(minKey + " is over " + maxKey);
    }
  }

  private long count(ObjectNode schema, String key, long absent) {
    JsonNode value = schema.get(key);
    if (value == null) {
      return absent;
    }
    if (!value.isIntegralNumber() || value.decimalValue().signum() < 0) {
      throw invalid(key + " must be an integer from 0");
    }
    if (!value.canConvertToInt() || value.intValue() > MAX_REPEATS) {
      throw tooComplex(param, MAX_REPEATS + " repeats");
    }
    return value.intValue();
  }

  private void checkBounds(ObjectNode schema) {
    double min = Math.max(bound(schema, "minimum", -1), bound(schema, "exclusiveMinimum", -1));
    double max = Math.min(bound(schema, "maximum", 1), bound(schema, "exclusiveMaximum", 1));
    if (min > max) {
      throw invalid("minimum is over maximum");
    }
  }

  private double bound(ObjectNode schema, String key, int absentSign) {
    JsonNode value = schema.get(key);
    if (value == null) {
      return absentSign * Double.POSITIVE_INFINITY;
    }
    if (!value.isNumber() || Math.abs(value.doubleValue()) > MAX_BOUND) {
      throw invalid(key + " must be a number from -10^15 to 10^15");
    }
    return value.doubleValue();
  }

  private void replacePattern(ObjectNode schema) {
    JsonNode pattern = schema.get("pattern");
    if (pattern == null) {
      return;
    }
    if (!pattern.isString()) {
      throw invalid("pattern must be a string");
    }
    if (rewritten.add(schema)) {
      schema.put("pattern", SchemaPattern.rewrite(pattern.stringValue(), param));
    }
  }

  private Refusal invalid(String rule) {
    return Refusal.invalidValue(param, "in the schema, " + rule);
  }

  static Refusal tooComplex(String param, String limit) {
    return new Refusal(Failure.grammarTooComplex(param, limit));
  }
}
