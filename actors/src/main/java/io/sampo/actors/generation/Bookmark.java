package io.sampo.actors.generation;

import io.sampo.actors.generation.GenerationEvent.Reason;
import io.sampo.actors.standby.StreamRecord;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How far a client has read a stream, in the words of an event's {@code id}, which it brings back
 * as {@code Last-Event-ID}: the stream's name, then a mark for each answer that was begun.
 *
 * <pre>
 *   bookmark = stream "." [mark *("," mark)]
 *   mark     = tokens [end] *("_" length) ["~" tail]
 * </pre>
 *
 * <p>The tail holds the last tokens before the mark, those of which it is not known whether another
 * gateway has them; so what the client has read can be gone on from exactly, although tokens are
 * copied to the other gateway behind the stream. It comes back from outside and may hold anything:
 * whoever uses its tokens checks them against the vocabulary.
 */
public record Bookmark(String stream, List<Mark> marks) {

  /** More than a stream's own bookmarks ever have. */
  private static final int MAX_CHARS = 12_000;

  private static final int MAX_LENGTHS = 131;
  private static final Pattern STREAM = Pattern.compile("[A-Za-z0-9]{1,64}");
  private static final Pattern MARK =
      Pattern.compile("([0-9]{1,9})([sltSLT]?)((?:_[0-9]{1,9})*)(?:~([A-Za-z0-9_-]*))?");

  /**
   * How far one answer was read.
   *
   * @param tokens of it that what was read stands for
   * @param end why it ended, where all of its text was read; else null
   * @param endRead whether its end was read too
   * @param lengths what was read of an answer in parts: tokens it thought with, then characters of
   *     text, of reasoning and of the arguments of each call; empty of plain text
   * @param tail the last of its tokens
   */
  public record Mark(
      int tokens, @Nullable Reason end, boolean endRead, List<Integer> lengths, int[] tail) {

    static final Mark NONE = new Mark(0, null, false, List.of(), new int[0]);

    public Mark {
      lengths = List.copyOf(lengths);
    }

    void write(StringBuilder out, int[] tokensOfTail) {
      out.append(tokens);
      if (end != null) {
        char letter =
            switch (end) {
              case STOP -> 's';
              case LENGTH -> 'l';
              case TOOL_CALLS -> 't';
            };
        out.append(endRead ? Character.toUpperCase(letter) : letter);
      }
      lengths.forEach(length -> out.append('_').append(length));
      if (tokensOfTail.length > 0) {
        out.append('~').append(encoded(tokensOfTail));
      }
    }
  }

  public Bookmark {
    marks = List.copyOf(marks);
  }

  /** Reads what a client brings back; empty where it is no bookmark of ours. */
  public static Optional<Bookmark> parse(String text) {
    int dot = text.indexOf('.');
    if (dot < 0 || text.length() > MAX_CHARS || !STREAM.matcher(text.substring(0, dot)).matches()) {
      return Optional.empty();
    }
    List<Mark> marks = new ArrayList<>();
    if (dot + 1 < text.length()) {
      for (String part : text.substring(dot + 1).split(",", -1)) {
        Mark mark = mark(part);
        if (mark == null || marks.size() == StreamRecord.MAX_ANSWERS) {
          return Optional.empty();
        }
        marks.add(mark);
      }
    }
    return Optional.of(new Bookmark(text.substring(0, dot), marks));
  }

  private static @Nullable Mark mark(String text) {
    var parts = MARK.matcher(text);
    if (!parts.matches()) {
      return null;
    }
    String end = parts.group(2);
    List<Integer> lengths =
        Arrays.stream(parts.group(3).split("_"))
            .filter(length -> !length.isEmpty())
            .map(Integer::valueOf)
            .toList();
    int tokens = Integer.parseInt(parts.group(1));
    int[] tail = parts.group(4) == null ? new int[0] : decoded(parts.group(4));
    return tail == null || tail.length > tokens || lengths.size() > MAX_LENGTHS
        ? null
        : new Mark(
            tokens,
            reason(end),
            !end.isEmpty() && Character.isUpperCase(end.charAt(0)),
            lengths,
            tail);
  }

  private static @Nullable Reason reason(String letter) {
    return switch (letter) {
      case "s", "S" -> Reason.STOP;
      case "l", "L" -> Reason.LENGTH;
      case "t", "T" -> Reason.TOOL_CALLS;
      default -> null;
    };
  }

  /** Seven bits a byte, the lowest first. */
  private static String encoded(int[] ids) {
    ByteBuffer bytes = ByteBuffer.allocate(5 * ids.length);
    for (int id : ids) {
      int rest = id;
      while (rest >= 0x80) {
        bytes.put((byte) (rest | 0x80));
        rest >>>= 7;
      }
      bytes.put((byte) rest);
    }
    byte[] used = Arrays.copyOf(bytes.array(), bytes.position());
    return new String(
        Base64.getUrlEncoder().withoutPadding().encode(used), StandardCharsets.ISO_8859_1);
  }

  private static int @Nullable [] decoded(String text) {
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(text);
    } catch (IllegalArgumentException broken) {
      return null;
    }
    int[] ids = new int[bytes.length];
    int count = 0;
    int shift = 0;
    for (byte b : bytes) {
      if (shift > 28) {
        return null;
      }
      ids[count] |= (b & 0x7f) << shift;
      shift += 7;
      if (b >= 0) {
        count++;
        shift = 0;
      }
    }
    return shift == 0 ? Arrays.copyOf(ids, count) : null;
  }
}
