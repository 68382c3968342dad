package io.sampo.actors.generation;

import io.sampo.actors.generation.GenerationEvent.ToolCallPiece;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.ParsedAnswer;
import io.sampo.engines.spi.ParsedAnswer.ToolCall;
import io.sampo.engines.spi.TextCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Takes one growing answer apart by the model's chat format. The whole text is parsed anew each
 * time, so parsing is put off while it would take more than a small share of the time.
 *
 * <p>Invariant: what was told is never taken back: pieces are told as far as each parse agrees with
 * the one before, and the end of an answer that does not obey its format is told as plain text.
 */
final class AnswerFormat {

  /** A text nested deeper is not parsed: native recursion has no bound of its own. */
  static final int MAX_NESTING = 100;

  /** Parsing takes at most one part in so many of the time. */
  private static final int SHARE = 20;

  private final TextCodec codec;
  private final String format;
  private final StringBuilder text = new StringBuilder();
  private int nesting;
  private boolean unreadable;
  private long restUntilNanos = Long.MIN_VALUE;

  /** Where the last text that could be read ended, and the content in it. */
  private int readLength;

  private String readContent = "";

  private int toldText;
  private int toldReasoning;
  private final List<Integer> toldArguments = new ArrayList<>();

  AnswerFormat(TextCodec codec, String format) {
    this.codec = codec;
    this.format = format;
  }

  /** Adds text and gives what can be told now; nothing while the parser rests. */
  AnswerPieces append(String more, long nowNanos) {
    add(more);
    if (unreadable || nowNanos < restUntilNanos) {
      return AnswerPieces.NONE;
    }
    long begin = System.nanoTime();
    AnswerPieces pieces = news(true);
    restUntilNanos = nowNanos + SHARE * (System.nanoTime() - begin);
    return pieces;
  }

  /**
   * Gives the rest.
   *
   * @param whole whether the model ended the answer by itself
   */
  AnswerPieces finish(String more, boolean whole) {
    add(more);
    AnswerPieces pieces = unreadable ? AnswerPieces.NONE : news(!whole);
    return unreadable ? unread() : pieces;
  }

  /**
   * Adds text that was told in an earlier turn of its stream, as far as {@link #told(List)} says.
   */
  void replay(String more) {
    add(more);
  }

  /**
   * What was told in the earlier turn; gives what can be told now.
   *
   * @param lengths as {@link #told()} gave them
   */
  AnswerPieces told(List<Integer> lengths) {
    toldText = lengths.isEmpty() ? 0 : lengths.get(0);
    toldReasoning = lengths.size() < 2 ? 0 : lengths.get(1);
    lengths.stream().skip(2).forEach(toldArguments::add);
    return unreadable || text.isEmpty() ? AnswerPieces.NONE : news(true);
  }

  /** Characters of text and of reasoning, then of the arguments of each call. */
  List<Integer> told() {
    List<Integer> lengths = new ArrayList<>(List.of(toldText, toldReasoning));
    lengths.addAll(toldArguments);
    return lengths;
  }

  boolean calledTools() {
    return !toldArguments.isEmpty();
  }

  /** Whether nothing but reasoning was told so far. */
  boolean reasonsStill() {
    return toldReasoning > 0 && toldText == 0 && toldArguments.isEmpty();
  }

  private void add(String more) {
    text.append(more);
    for (int i = 0; i < more.length(); i++) {
      char c = more.charAt(i);
      nesting += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
      nesting = Math.max(0, nesting);
      unreadable |= nesting > MAX_NESTING;
    }
  }

  private AnswerPieces news(boolean partial) {
    try {
      return difference(codec.parseAnswer(format, text.toString(), partial), partial);
    } catch (EngineException disobeys) {
      unreadable = !partial;
      return AnswerPieces.NONE;
    }
  }

  private AnswerPieces difference(ParsedAnswer now, boolean partial) {
    String content = from(now.content(), toldText);
    String reasoning = from(now.reasoning(), toldReasoning);
    boolean anything = !now.content().isEmpty() || !now.reasoning().isEmpty();
    readLength = anything ? text.length() : readLength;
    readContent = now.content();
    toldText += content.length();
    toldReasoning += reasoning.length();
    List<ToolCallPiece> calls = new ArrayList<>();
    for (int i = 0; i < now.toolCalls().size(); i++) {
      boolean last = i == now.toolCalls().size() - 1;
      addCall(i, now.toolCalls().get(i), partial && last, calls);
    }
    return new AnswerPieces(content, reasoning, calls);
  }

  /**
   * @param growing whether the call's name may not be whole yet
   */
  private void addCall(int index, ToolCall call, boolean growing, List<ToolCallPiece> calls) {
    if (index < toldArguments.size()) {
      String arguments = from(call.arguments(), toldArguments.get(index));
      if (!arguments.isEmpty()) {
        toldArguments.set(index, toldArguments.get(index) + arguments.length());
        calls.add(new ToolCallPiece(index, null, null, arguments));
      }
    } else if (!call.name().isEmpty() && !(growing && call.arguments().isEmpty())) {
      String id = call.id().isEmpty() ? "call_" + UUID.randomUUID() : call.id();
      toldArguments.add(call.arguments().length());
      calls.add(new ToolCallPiece(index, id, call.name(), call.arguments()));
    }
  }

  private static String from(String whole, int told) {
    return told < whole.length() ? whole.substring(told) : "";
  }

  /** What was said since the last text that could be read, as it stands; nothing of it is lost. */
  private AnswerPieces unread() {
    if (!toldArguments.isEmpty()) {
      return AnswerPieces.NONE;
    }
    int contentAt = text.lastIndexOf(readContent, readLength);
    int from =
        readContent.isEmpty() || contentAt < 0 ? readLength : contentAt + readContent.length();
    return new AnswerPieces(text.substring(from), "", List.of());
  }
}
