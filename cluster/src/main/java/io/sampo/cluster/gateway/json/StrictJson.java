package io.sampo.cluster.gateway.json;

import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads a request body. Two readers of the same body must never disagree about it, so everything
 * that parsers are known to treat differently is refused: bad UTF-8, duplicate names, lone
 * surrogates, numbers that overflow, text behind the end, nesting over {@link #MAX_DEPTH}.
 */
public final class StrictJson {

  public static final int MAX_DEPTH = 64;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH + 1)
                  .maxNumberLength(400)
                  .maxNameLength(1024)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final String text;
  private final JsonParser parser;

  private StrictJson(String text) {
    this.text = text;
    this.parser = FACTORY.createParser(ObjectReadContext.empty(), text);
  }

  /**
   * The JSON object in these bytes.
   *
   * @throws Refusal INVALID_JSON with the reason and the byte offset
   */
  public static ObjectNode object(byte[] body) {
    StrictJson json = new StrictJson(decode(body));
    try {
      return json.document();
    } catch (JacksonException e) {
      throw json.broken(reason(e), e.getLocation() == null ? 0 : e.getLocation().getCharOffset());
    } finally {
      json.parser.close();
    }
  }

  private static String decode(byte[] body) {
    CharBuffer chars = CharBuffer.allocate(body.length);
    ByteBuffer bytes = ByteBuffer.wrap(body);
    CoderResult result =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .decode(bytes, chars, true);
    if (result.isError()) {
      throw refusal("the text is not UTF-8", bytes.position());
    }
    return chars.flip().toString();
  }

  private ObjectNode document() {
    JsonToken first = parser.nextToken();
    if (first != JsonToken.START_OBJECT) {
      throw broken(first == null ? "the body is empty" : "the top level is not an object", here());
    }
    ObjectNode object = readObject(1);
    if (parser.nextToken() != null) {
      throw broken("text follows the end", here());
    }
    return object;
  }

  private JsonNode read(JsonToken token, int depth) {
    return switch (token) {
      case START_OBJECT -> readObject(depth);
      case START_ARRAY -> readArray(depth);
      case VALUE_STRING -> NODES.stringNode(whole(parser.getString()));
      case VALUE_NUMBER_INT -> readInteger();
      case VALUE_NUMBER_FLOAT -> readFloat();
      case VALUE_TRUE -> NODES.booleanNode(true);
      case VALUE_FALSE -> NODES.booleanNode(false);
      case VALUE_NULL -> NODES.nullNode();
      default -> throw broken("a value is missing", here());
    };
  }

  private ObjectNode readObject(int depth) {
    checkDepth(depth);
    ObjectNode object = NODES.objectNode();
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = whole(parser.currentName());
      if (object.has(name)) {
        throw broken("a name stands twice in one object", here());
      }
      object.set(name, read(parser.nextToken(), depth + 1));
    }
    return object;
  }

  private ArrayNode readArray(int depth) {
    checkDepth(depth);
    ArrayNode array = NODES.arrayNode();
    for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; t = parser.nextToken()) {
      array.add(read(t, depth + 1));
    }
    return array;
  }

  private void checkDepth(int depth) {
    if (depth > MAX_DEPTH) {
      throw broken("nested deeper than " + MAX_DEPTH, here());
    }
  }

  private JsonNode readInteger() {
    return switch (parser.getNumberType()) {
      case INT -> NODES.numberNode(parser.getIntValue());
      case LONG -> NODES.numberNode(parser.getLongValue());
      default -> NODES.numberNode(parser.getBigIntegerValue());
    };
  }

  private JsonNode readFloat() {
    double value = parser.getDoubleValue();
    if (!Double.isFinite(value)) {
      throw broken("a number is too large", here());
    }
    return NODES.numberNode(value);
  }

  private String whole(String value) {
    int length = value.length();
    for (int i = 0; i < length; i++) {
      char c = value.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < length
          && Character.isLowSurrogate(value.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        throw broken("a string holds half of a surrogate pair", here());
      }
    }
    return value;
  }

  private long here() {
    return parser.currentTokenLocation().getCharOffset();
  }

  private Refusal broken(String reason, long charOffset) {
    int end = Math.clamp(charOffset, 0, text.length());
    return refusal(reason, text.substring(0, end).getBytes(StandardCharsets.UTF_8).length);
  }

  private static Refusal refusal(String reason, int byteOffset) {
    return new Refusal(
        new Failure(
            ErrorCode.INVALID_JSON,
            "Request body is not valid JSON: " + reason + " at offset " + byteOffset + ".",
            null,
            0));
  }

  /** The parser's own messages name its classes and switches, so ours are said in our words. */
  private static String reason(JacksonException e) {
    String said = String.valueOf(e.getOriginalMessage());
    if (said.startsWith("Unexpected end-of-input")) {
      return "the text ends too early";
    } else if (said.startsWith("Unexpected character") || said.startsWith("Unexpected close")) {
      return "unexpected character";
    } else if (said.startsWith("Unrecognized token") || said.startsWith("Non-standard token")) {
      return "unknown word";
    } else if (said.startsWith("Illegal unquoted character")) {
      return "a control character stands in a string";
    } else if (said.contains("nesting depth")) {
      return "nested deeper than " + MAX_DEPTH;
    } else if (said.contains("exceeds the maximum")) {
      return "a number or a name is too long";
    }
    return "malformed value";
  }
}
