package io.sampo.engines.simulated.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.engines.spi.ChatPrompt;
import io.sampo.engines.spi.ChatRequest;
import io.sampo.engines.spi.ChatRequest.ToolChoice;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.ParsedAnswer;
import io.sampo.engines.spi.TextCodec;
import java.util.Arrays;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The simulated model's tokenizer: a text is its UTF-8 bytes, one token each. The model itself
 * answers in words, so a text that it wrote comes back from the tokenizer as more tokens than it
 * went out with, as with real models.
 */
public final class SimulatedText implements TextCodec {

  /** The context the model claims to be trained for, in tokens. */
  public static final int TRAINED_CONTEXT_TOKENS = 131_072;

  private static final byte[] NOTHING = {};
  private static final byte[][] PIECES = pieces();
  private static final JsonMapper JSON = new JsonMapper();

  private final boolean chatMl;

  /**
   * @param chatMl whether the model brings the ChatML template; without it the messages' texts are
   *     concatenated
   */
  public SimulatedText(boolean chatMl) {
    this.chatMl = chatMl;
  }

  @Override
  public int vocabularySize() {
    return SimulatedVocabulary.size();
  }

  @Override
  public int trainedContextTokens() {
    return TRAINED_CONTEXT_TOKENS;
  }

  /** The model has no begin token, so {@code addSpecial} changes nothing. */
  @Override
  public int[] tokenize(String text, boolean addSpecial, boolean parseSpecial) {
    byte[] bytes = text.getBytes(UTF_8);
    if (!parseSpecial || !text.contains("<|")) {
      int[] ids = new int[bytes.length];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = bytes[i] & 0xFF;
      }
      return ids;
    }
    return parse(text);
  }

  @Override
  public byte[] piece(int token, boolean special) {
    return SimulatedVocabulary.isSpecial(token) && !special ? NOTHING : PIECES[token];
  }

  @Override
  public boolean endsText(int token) {
    return token == SimulatedVocabulary.END || token == SimulatedVocabulary.MESSAGE_END;
  }

  @Override
  public boolean hasChatTemplate() {
    return chatMl;
  }

  @Override
  public ChatPrompt applyChatTemplate(ChatRequest request) {
    boolean tools = request.toolsJson() != null && request.toolChoice() != ToolChoice.NONE;
    if (tools || request.jsonSchema() != null || request.grammar() != null) {
      throw unsupported();
    }
    StringBuilder prompt = new StringBuilder();
    for (JsonNode message : messages(request.messagesJson())) {
      String content = text(message.path("content"));
      if (chatMl) {
        prompt.append("<|im_start|>").append(message.path("role").asString("user")).append('\n');
        prompt.append(content).append("<|im_end|>\n");
      } else {
        prompt.append(content);
      }
    }
    if (!chatMl) {
      return new ChatPrompt(prompt.toString(), true, List.of());
    }
    return new ChatPrompt(
        prompt.append("<|im_start|>assistant\n").toString(), true, List.of("<|im_end|>"));
  }

  @Override
  public ParsedAnswer parseAnswer(String format, String text, boolean partial) {
    throw unsupported();
  }

  @Override
  public String grammarOf(String jsonSchema) {
    throw unsupported();
  }

  @Override
  public int[] rankInput(String query, String document) {
    throw new EngineException(
        EngineException.Kind.INVALID_REQUEST, "the simulated engine does not rank");
  }

  private static EngineException unsupported() {
    return new EngineException(
        EngineException.Kind.INVALID_REQUEST,
        "the simulated engine knows no tools, schemas or grammars");
  }

  @Override
  public void close() {}

  private static JsonNode messages(String json) {
    try {
      JsonNode messages = JSON.readTree(json);
      if (messages.isArray()) {
        return messages;
      }
    } catch (JacksonException e) {
      throw new EngineException(
          EngineException.Kind.INVALID_REQUEST,
          "messages are not JSON: " + e.getOriginalMessage(),
          e);
    }
    throw new EngineException(
        EngineException.Kind.INVALID_REQUEST, "messages must be a JSON array of messages");
  }

  /** A message's content: a text, or parts of which those of type text count. */
  private static String text(JsonNode content) {
    if (!content.isArray()) {
      return content.asString("");
    }
    StringBuilder text = new StringBuilder();
    for (JsonNode part : content) {
      text.append(part.path("text").asString(""));
    }
    return text.toString();
  }

  private static int[] parse(String text) {
    int[] ids = new int[text.length() * 3];
    int count = 0;
    int from = 0;
    for (int at = text.indexOf("<|"); at >= 0; at = text.indexOf("<|", at + 1)) {
      int special = SimulatedVocabulary.specialAt(text, at);
      if (special >= 0) {
        count = append(text, from, at, ids, count);
        ids[count++] = special;
        from = at + SimulatedVocabulary.specialLength(special);
      }
    }
    count = append(text, from, text.length(), ids, count);
    return Arrays.copyOf(ids, count);
  }

  private static int append(String text, int from, int to, int[] ids, int count) {
    int at = count;
    for (byte value : text.substring(from, to).getBytes(UTF_8)) {
      ids[at++] = value & 0xFF;
    }
    return at;
  }

  private static byte[][] pieces() {
    byte[][] pieces = new byte[SimulatedVocabulary.size()][];
    for (int token = 0; token < pieces.length; token++) {
      pieces[token] = SimulatedVocabulary.bytes(token);
    }
    return pieces;
  }
}
