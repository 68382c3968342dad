package io.sampo.engines.modelstore.stories;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A model in llama2.c's first format: seven integers, then float32 weights, each kind for all
 * layers together, ending with rope tables that GGUF does not need. A positive vocabulary size says
 * that the output matrix is the embedding matrix.
 */
final class Llama2Checkpoint {

  /** The kinds of weights in the file's order. */
  enum Weights {
    TOKEN_EMBEDDING,
    ATTENTION_NORM,
    QUERY,
    KEY,
    VALUE,
    ATTENTION_OUTPUT,
    FFN_NORM,
    FFN_GATE,
    FFN_DOWN,
    FFN_UP,
    FINAL_NORM
  }

  private static final int HEADER_BYTES = 7 * Integer.BYTES;

  final int width;
  final int ffnWidth;
  final int layers;
  final int heads;
  final int kvHeads;
  final int vocabularySize;
  final int contextTokens;
  private final ByteBuffer bytes;

  /**
   * @throws IllegalArgumentException when the length is not what the header makes it, or the output
   *     matrix is a matrix of its own
   */
  Llama2Checkpoint(ByteBuffer checkpoint) {
    bytes = checkpoint.slice().order(ByteOrder.LITTLE_ENDIAN);
    width = bytes.getInt(0);
    ffnWidth = bytes.getInt(4);
    layers = bytes.getInt(8);
    heads = bytes.getInt(12);
    kvHeads = bytes.getInt(16);
    vocabularySize = bytes.getInt(20);
    contextTokens = bytes.getInt(24);
    long ropeTables = 2L * contextTokens * (headWidth() / 2) * Float.BYTES;
    long end = offset(Weights.FINAL_NORM) + elements(Weights.FINAL_NORM) * Float.BYTES + ropeTables;
    if (vocabularySize < 0 || bytes.limit() != end) {
      throw new IllegalArgumentException(
          "not a llama2.c checkpoint with shared embeddings: "
              + bytes.limit()
              + " bytes instead of "
              + end);
    }
  }

  int headWidth() {
    return width / heads;
  }

  int kvWidth() {
    return headWidth() * kvHeads;
  }

  /** The weights of one kind in one layer; layer 0 for those that are there once. */
  ByteBuffer weights(Weights kind, int layer) {
    long each = perLayer(kind) * Float.BYTES;
    return bytes
        .slice((int) (offset(kind) + layer * each), (int) each)
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  private long offset(Weights kind) {
    long offset = HEADER_BYTES;
    for (Weights before : Weights.values()) {
      if (before == kind) {
        break;
      }
      offset += elements(before) * Float.BYTES;
    }
    return offset;
  }

  private long elements(Weights kind) {
    return switch (kind) {
      case TOKEN_EMBEDDING, FINAL_NORM -> perLayer(kind);
      case ATTENTION_NORM,
          QUERY,
          KEY,
          VALUE,
          ATTENTION_OUTPUT,
          FFN_NORM,
          FFN_GATE,
          FFN_DOWN,
          FFN_UP ->
          layers * perLayer(kind);
    };
  }

  private long perLayer(Weights kind) {
    return switch (kind) {
      case TOKEN_EMBEDDING -> (long) vocabularySize * width;
      case ATTENTION_NORM, FFN_NORM, FINAL_NORM -> width;
      case QUERY, ATTENTION_OUTPUT -> (long) width * width;
      case KEY, VALUE -> (long) width * kvWidth();
      case FFN_GATE, FFN_DOWN, FFN_UP -> (long) width * ffnWidth;
    };
  }
}
