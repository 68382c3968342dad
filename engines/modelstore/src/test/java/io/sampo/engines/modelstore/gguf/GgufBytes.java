package io.sampo.engines.modelstore.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes GGUF files byte by byte, wrong ones included. */
final class GgufBytes {

  static final int UINT32 = 4;
  static final int FLOAT32 = 6;
  static final int STRING = 8;
  static final int ARRAY = 9;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  static GgufBytes header(int version, long tensors, long entries) {
    GgufBytes bytes = new GgufBytes();
    bytes.out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    return bytes.int32(version).int64(tensors).int64(entries);
  }

  /** A header and the architecture, then as many further entries as wanted. */
  static GgufBytes llama(long tensors, long furtherEntries) {
    return header(3, tensors, 1 + furtherEntries)
        .string("general.architecture")
        .int32(STRING)
        .string("llama");
  }

  GgufBytes int32(int value) {
    out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
    return this;
  }

  GgufBytes int64(long value) {
    out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
    return this;
  }

  GgufBytes string(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    int64(utf8.length);
    out.writeBytes(utf8);
    return this;
  }

  GgufBytes tensor(String name, GgmlType type, long offset, long... dimensions) {
    string(name).int32(dimensions.length);
    for (long length : dimensions) {
      int64(length);
    }
    return int32(type.id()).int64(offset);
  }

  /** Pads to the alignment and adds this many bytes of tensors. */
  GgufBytes data(int bytes) {
    out.writeBytes(new byte[Math.floorMod(-out.size(), 32) + bytes]);
    return this;
  }

  byte[] bytes() {
    return out.toByteArray();
  }
}
