package io.sampo.engines.modelstore.stories;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * llama2.c's {@code tokenizer.bin} in GGUF's terms. The file has the longest token's length, then
 * for each token its score, length and text, with spaces instead of SentencePiece's marks and with
 * each of the 256 byte tokens as the character of that number.
 *
 * @param tokens with {@code ▁} for a space and {@code <0x0A>} for a byte
 * @param scores of SentencePiece merging
 * @param types as llama.cpp numbers them
 */
record Llama2Vocabulary(List<String> tokens, float[] scores, int[] types) {

  static final int UNKNOWN = 0;
  static final int BEGIN = 1;
  static final int END = 2;

  private static final int FIRST_BYTE = 3;
  private static final int LAST_BYTE = FIRST_BYTE + 255;

  private static final int TYPE_NORMAL = 1;
  private static final int TYPE_UNKNOWN = 2;
  private static final int TYPE_CONTROL = 3;
  private static final int TYPE_BYTE = 6;

  static Llama2Vocabulary read(ByteBuffer tokenizer, int size) {
    ByteBuffer in = tokenizer.slice().order(ByteOrder.LITTLE_ENDIAN);
    in.getInt();
    List<String> tokens = new ArrayList<>(size);
    float[] scores = new float[size];
    int[] types = new int[size];
    for (int id = 0; id < size; id++) {
      scores[id] = in.getFloat();
      byte[] text = new byte[in.getInt()];
      in.get(text);
      tokens.add(text(id, new String(text, StandardCharsets.UTF_8)));
      types[id] = type(id);
    }
    return new Llama2Vocabulary(tokens, scores, types);
  }

  private static String text(int id, String raw) {
    return switch (id) {
      case UNKNOWN -> "<unk>";
      case BEGIN -> "<s>";
      case END -> "</s>";
      default -> id <= LAST_BYTE ? "<0x%02X>".formatted(id - FIRST_BYTE) : raw.replace(' ', '▁');
    };
  }

  private static int type(int id) {
    return switch (id) {
      case UNKNOWN -> TYPE_UNKNOWN;
      case BEGIN, END -> TYPE_CONTROL;
      default -> id <= LAST_BYTE ? TYPE_BYTE : TYPE_NORMAL;
    };
  }
}
