package io.sampo.cluster.gateway.json;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The fields of one JSON object, asked for by name, type and range. A null is an absent field. A
 * wrong type or a value out of range is a {@link Refusal} that names the field. It remembers the
 * names it was asked for, so that {@link #unasked} are those nobody knows.
 */
public final class Fields {

  private final ObjectNode object;
  private final String path;
  private final Set<String> asked = new HashSet<>();

  public Fields(ObjectNode object) {
    this(object, "");
  }

  /**
   * Fields of an object inside another.
   *
   * @param path put before a field's name in a refusal, for example {@code "stream_options."}
   */
  public Fields(ObjectNode object, String path) {
    this.object = object;
    this.path = path;
  }

  /** The field's value, or null when it is absent or null. */
  public @Nullable JsonNode value(String name) {
    asked.add(name);
    JsonNode value = object.get(name);
    return value == null || value.isNull() ? null : value;
  }

  public long integer(String name, long min, long max, long absent) {
    JsonNode value = value(name);
    if (value == null) {
      return absent;
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong() || !in(value, min, max)) {
      throw refuse(name, "must be an integer from " + min + " to " + max);
    }
    return value.longValue();
  }

  private static boolean in(JsonNode value, long min, long max) {
    return value.longValue() >= min && value.longValue() <= max;
  }

  public double number(String name, double min, double max, double absent) {
    JsonNode value = value(name);
    if (value == null) {
      return absent;
    }
    if (!value.isNumber() || value.doubleValue() < min || value.doubleValue() > max) {
      throw refuse(name, "must be a number from " + plain(min) + " to " + plain(max));
    }
    return value.doubleValue();
  }

  private static String plain(double bound) {
    return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
  }

  public boolean flag(String name, boolean absent) {
    JsonNode value = value(name);
    if (value == null) {
      return absent;
    }
    if (!value.isBoolean()) {
      throw refuse(name, "must be true or false");
    }
    return value.booleanValue();
  }

  public @Nullable String text(String name) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    if (!value.isString()) {
      throw refuse(name, "must be a string");
    }
    return value.stringValue();
  }

  public @Nullable Fields object(String name) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    if (!(value instanceof ObjectNode inner)) {
      throw refuse(name, "must be an object");
    }
    return new Fields(inner, path + name + ".");
  }

  public boolean has(String name) {
    return value(name) != null;
  }

  public Refusal refuse(String name, String rule) {
    return Refusal.invalidValue(path + name, rule);
  }

  /** Names in the object that nobody asked for. */
  public List<String> unasked() {
    return object.propertyNames().stream().filter(name -> !asked.contains(name)).toList();
  }
}
