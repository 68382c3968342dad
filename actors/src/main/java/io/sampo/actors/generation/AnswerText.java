package io.sampo.actors.generation;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Turns the bytes of tokens into text that may leave. Two tails are held back: bytes that are not
 * yet a whole UTF-8 character, and text that may yet become a stop text.
 *
 * <p>Invariant: what was given out, followed by what is held, is the whole text so far, up to the
 * stop text.
 */
final class AnswerText {

  private final List<String> stops;
  private final boolean includeStop;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private final StringBuilder held = new StringBuilder();
  private byte[] partial = {};
  private String stopText = "";

  AnswerText(List<String> stops, boolean includeStop) {
    this.stops = stops;
    this.includeStop = includeStop;
  }

  /**
   * Adds one token's bytes and writes out the text that may leave now. Must not be called after
   * {@link #stopped}.
   */
  void append(byte[] piece, StringBuilder out) {
    boolean unheld = stops.isEmpty();
    if (partial.length == 0 && isAscii(piece)) {
      appendAscii(piece, unheld ? out : held);
    } else {
      (unheld ? out : held).append(decode(piece));
    }
    if (!unheld) {
      release(out);
    }
  }

  /** Whether a stop text has been found; the text ends there. */
  boolean stopped() {
    return !stopText.isEmpty();
  }

  /** The stop text that was found; empty before. */
  String stopText() {
    return stopText;
  }

  /** Writes out the rest, when the answer ends otherwise. A half character becomes U+FFFD. */
  void finish(StringBuilder out) {
    out.append(held);
    held.setLength(0);
    if (partial.length > 0) {
      out.append('\uFFFD');
      partial = new byte[0];
    }
  }

  private CharBuffer decode(byte[] piece) {
    ByteBuffer bytes = ByteBuffer.allocate(partial.length + piece.length);
    bytes.put(partial).put(piece).flip();
    CharBuffer chars = CharBuffer.allocate(bytes.remaining());
    decoder.reset().decode(bytes, chars, false);
    partial = new byte[bytes.remaining()];
    bytes.get(partial);
    return chars.flip();
  }

  private void release(StringBuilder out) {
    int end = -1;
    for (String stop : stops) {
      int at = held.indexOf(stop);
      if (at >= 0 && (end < 0 || at < end)) {
        end = at;
        stopText = stop;
      }
    }
    if (stopped()) {
      out.append(held, 0, end + (includeStop ? stopText.length() : 0));
      held.setLength(0);
    } else {
      int length = held.length() - possibleStop();
      out.append(held, 0, length);
      held.delete(0, length);
    }
  }

  /** The length of the longest end of the held text that is the beginning of a stop text. */
  private int possibleStop() {
    int longest = 0;
    for (String stop : stops) {
      for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--) {
        if (endsWithStartOf(stop, length)) {
          longest = length;
        }
      }
    }
    return longest;
  }

  private boolean endsWithStartOf(String stop, int length) {
    int offset = held.length() - length;
    for (int i = 0; i < length; i++) {
      if (held.charAt(offset + i) != stop.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static void appendAscii(byte[] bytes, StringBuilder out) {
    for (byte b : bytes) {
      out.append((char) b);
    }
  }

  private static boolean isAscii(byte[] bytes) {
    for (byte b : bytes) {
      if (b < 0) {
        return false;
      }
    }
    return true;
  }
}
