package io.sampo.actors.generation;

import io.sampo.actors.generation.GenerationEvent.Delta;
import io.sampo.actors.generation.GenerationEvent.TokenText;
import io.sampo.actors.generation.GenerationEvent.ToolCallPiece;
import java.util.ArrayList;
import java.util.List;

/** What of one answer has not been handed out yet. It is filled and emptied again and again. */
final class PendingDelta {

  /** A text beyond this gives its memory back when it is handed out. */
  private static final int KEPT_CHARS = 4096;

  /** Whole characters that may leave; whoever has text for the answer writes it here. */
  StringBuilder text = new StringBuilder();

  private String reasoning = "";
  private List<TokenText> tokens = List.of();
  private List<ToolCallPiece> toolCalls = List.of();
  private int tokenCount;

  void add(TokenText token) {
    if (tokens.isEmpty()) {
      tokens = new ArrayList<>();
    }
    tokens.add(token);
  }

  void add(AnswerPieces pieces) {
    text.append(pieces.text());
    reasoning = reasoning.isEmpty() ? pieces.reasoning() : reasoning + pieces.reasoning();
    pieces.toolCalls().forEach(this::add);
  }

  /** Pieces of the same call become one. */
  private void add(ToolCallPiece piece) {
    if (toolCalls.isEmpty()) {
      toolCalls = new ArrayList<>();
    }
    if (!toolCalls.isEmpty() && toolCalls.getLast().index() == piece.index()) {
      ToolCallPiece last = toolCalls.removeLast();
      toolCalls.add(
          new ToolCallPiece(
              last.index(), last.id(), last.name(), last.arguments() + piece.arguments()));
    } else {
      toolCalls.add(piece);
    }
  }

  /** Counts tokens that this stands for. */
  void count(int more) {
    tokenCount += more;
  }

  int tokenCount() {
    return tokenCount;
  }

  /** Whether a reader would see nothing in it. */
  boolean isEmpty() {
    return text.isEmpty() && tokens.isEmpty() && reasoning.isEmpty() && toolCalls.isEmpty();
  }

  /** Hands everything out; it belongs to the reader then. */
  Delta take(int choice) {
    Delta delta = new Delta(choice, text.toString(), tokens, reasoning, toolCalls);
    if (text.capacity() > KEPT_CHARS) {
      text = new StringBuilder();
    }
    text.setLength(0);
    tokens = List.of();
    reasoning = "";
    toolCalls = List.of();
    tokenCount = 0;
    return delta;
  }
}
