package io.sampo.engines.modelstore.gguf;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Reads the head of a GGUF file forward. Every read is checked against the bytes that are left; a
 * read past the end is a rejection.
 */
final class GgufCursor {

  static final long MAX_STRING_BYTES = 1L << 20;

  private final ByteBuffer head;
  private int position;

  /** Where we are, for messages. */
  private String field = "header";

  GgufCursor(ByteBuffer head) {
    this.head = head;
  }

  void enter(String newField) {
    field = newField;
  }

  int position() {
    return position;
  }

  int remaining() {
    return head.limit() - position;
  }

  GgufRejectedException rejected(String rule) {
    return new GgufRejectedException(rule, field);
  }

  int int32() {
    return head.getInt(advance(4));
  }

  long int64() {
    return head.getLong(advance(8));
  }

  /** A count of things of which each takes at least so many bytes. */
  int count(String what, int limit, int minBytesEach) {
    long count = int64();
    if (count < 0 || count > limit) {
      throw rejected(what + " must be at most " + limit + ", is " + Long.toUnsignedString(count));
    }
    if (count * minBytesEach > remaining()) {
      throw rejected(what + " must fit the file, is " + count);
    }
    return (int) count;
  }

  String string(String what, int maxBytes) {
    int length = stringLength(what, maxBytes);
    byte[] bytes = new byte[length];
    head.get(advance(length), bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  void skipStrings(int count) {
    for (int i = 0; i < count; i++) {
      advance(stringLength("string", (int) MAX_STRING_BYTES));
    }
  }

  void skip(long bytes) {
    if (bytes > remaining()) {
      throw truncated();
    }
    position += (int) bytes;
  }

  private int stringLength(String what, int maxBytes) {
    long length = int64();
    if (length < 0 || length > maxBytes) {
      throw rejected(
          what + " must be at most " + maxBytes + " bytes, is " + Long.toUnsignedString(length));
    }
    return (int) length;
  }

  private int advance(int bytes) {
    int start = position;
    if (bytes > head.limit() - start) {
      throw truncated();
    }
    position = start + bytes;
    return start;
  }

  private GgufRejectedException truncated() {
    return rejected("file must not end here");
  }
}
