package io.sampo.cluster.gateway.json;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.pekko.util.ByteString;

/**
 * Writes JSON as UTF-8. Structure is written as it stands ({@link #raw}), values are escaped.
 * Beside what JSON demands, U+2028 and U+2029 are escaped, which some readers take for line ends,
 * and half a surrogate pair becomes U+FFFD. So a written document is one line whatever a value
 * holds. Not for use by several threads.
 */
public final class JsonBytes {

  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
  private static final double LEAST_LOGPROB = -9999.0;

  private byte[] bytes;
  private int size;

  public JsonBytes(int expectedBytes) {
    bytes = new byte[expectedBytes];
  }

  /** Structure, ASCII only. */
  public JsonBytes raw(String ascii) {
    int length = ascii.length();
    reserve(length);
    for (int i = 0; i < length; i++) {
      bytes[size++] = (byte) ascii.charAt(i);
    }
    return this;
  }

  public JsonBytes raw(byte[] written) {
    reserve(written.length);
    System.arraycopy(written, 0, bytes, size, written.length);
    size += written.length;
    return this;
  }

  public JsonBytes number(long value) {
    return raw(Long.toString(value));
  }

  /** A log probability; JSON has no infinity, so the least one told is -9999. */
  public JsonBytes logprob(float value) {
    return raw(Float.isNaN(value) || value < LEAST_LOGPROB ? "-9999.0" : Float.toString(value));
  }

  /** A string with its quotation marks. */
  public JsonBytes string(String value) {
    return raw("\"").text(value).raw("\"");
  }

  /** A name and the colon behind it. */
  public JsonBytes name(String name) {
    return string(name).raw(":");
  }

  /** The inside of a string. */
  public JsonBytes text(CharSequence value) {
    int length = value.length();
    for (int i = 0; i < length; i++) {
      reserve(6);
      char c = value.charAt(i);
      if (c < 0x80) {
        ascii(c);
      } else if (c < 0x800) {
        bytes[size++] = (byte) (0xC0 | (c >> 6));
        bytes[size++] = (byte) (0x80 | (c & 0x3F));
      } else if (c == '\u2028' || c == '\u2029') {
        escape(c);
      } else if (!Character.isSurrogate(c)) {
        three(c);
      } else if (Character.isHighSurrogate(c)
          && i + 1 < length
          && Character.isLowSurrogate(value.charAt(i + 1))) {
        four(Character.toCodePoint(c, value.charAt(++i)));
      } else {
        three('\uFFFD');
      }
    }
    return this;
  }

  private void ascii(char c) {
    if (c >= 0x20 && c != '"' && c != '\\') {
      bytes[size++] = (byte) c;
      return;
    }
    switch (c) {
      case '"', '\\' -> pair(c);
      case '\n' -> pair('n');
      case '\r' -> pair('r');
      case '\t' -> pair('t');
      default -> escape(c);
    }
  }

  private void pair(char c) {
    bytes[size++] = '\\';
    bytes[size++] = (byte) c;
  }

  private void escape(char c) {
    pair('u');
    for (int shift = 12; shift >= 0; shift -= 4) {
      bytes[size++] = HEX[(c >> shift) & 0xF];
    }
  }

  private void three(char c) {
    bytes[size++] = (byte) (0xE0 | (c >> 12));
    bytes[size++] = (byte) (0x80 | ((c >> 6) & 0x3F));
    bytes[size++] = (byte) (0x80 | (c & 0x3F));
  }

  private void four(int codePoint) {
    bytes[size++] = (byte) (0xF0 | (codePoint >> 18));
    bytes[size++] = (byte) (0x80 | ((codePoint >> 12) & 0x3F));
    bytes[size++] = (byte) (0x80 | ((codePoint >> 6) & 0x3F));
    bytes[size++] = (byte) (0x80 | (codePoint & 0x3F));
  }

  private void reserve(int more) {
    if (size + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
    }
  }

  public byte[] toArray() {
    return Arrays.copyOf(bytes, size);
  }

  /** What was written since the last call; writing begins anew. */
  public ByteString drain() {
    ByteString written = ByteString.fromArray(bytes, 0, size);
    size = 0;
    return written;
  }
}
