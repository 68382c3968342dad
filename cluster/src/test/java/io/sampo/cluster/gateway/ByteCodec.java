package io.sampo.cluster.gateway;

import io.sampo.engines.spi.ChatPrompt;
import io.sampo.engines.spi.ChatRequest;
import io.sampo.engines.spi.ParsedAnswer;
import io.sampo.engines.spi.TextCodec;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** One token for each byte of UTF-8, and no chat template. */
final class ByteCodec implements TextCodec {

  @Override
  public int vocabularySize() {
    return 256;
  }

  @Override
  public int trainedContextTokens() {
    return 1000;
  }

  @Override
  public int[] tokenize(String text, boolean addSpecial, boolean parseSpecial) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = Byte.toUnsignedInt(bytes[i]);
    }
    return ids;
  }

  @Override
  public byte[] piece(int token, boolean special) {
    return new byte[] {(byte) token};
  }

  @Override
  public boolean endsText(int token) {
    return token == 0;
  }

  @Override
  public boolean hasChatTemplate() {
    return false;
  }

  @Override
  public ChatPrompt applyChatTemplate(ChatRequest request) {
    return new ChatPrompt(request.messagesJson(), false, List.of());
  }

  @Override
  public ParsedAnswer parseAnswer(String format, String text, boolean partial) {
    return new ParsedAnswer(text, "", List.of());
  }

  @Override
  public String grammarOf(String jsonSchema) {
    return "root ::= \"{}\"";
  }

  @Override
  public int[] rankInput(String query, String document) {
    return tokenize(query + "\0" + document, true, false);
  }

  @Override
  public void close() {}
}
