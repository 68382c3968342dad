package io.sampo.actors.generation;

import io.sampo.actors.generation.GenerationEvent.ChoiceFinished;
import io.sampo.actors.generation.GenerationEvent.Delta;
import io.sampo.actors.generation.GenerationEvent.Started;
import io.sampo.actors.generation.GenerationEvent.TokenText;
import io.sampo.actors.generation.GenerationEvent.ToolCallPiece;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Events on their way to a reader that takes them at its own pace. One event costs one credit;
 * while there is none, deltas of an answer are merged into one.
 *
 * <p>Invariant: at most one delta and one end for each answer wait here, so the bound is the tokens
 * that replicas are allowed to run ahead.
 */
final class Outbox {

  private static final class PendingDelta {
    final int choice;
    final StringBuilder text;
    final List<TokenText> tokens;
    final StringBuilder reasoning = new StringBuilder();
    final List<ToolCallPiece> toolCalls = new ArrayList<>();
    int tokenCount;

    PendingDelta(int choice, String text, List<TokenText> tokens, int tokenCount) {
      this.choice = choice;
      this.text = new StringBuilder(text);
      this.tokens = new ArrayList<>(tokens);
      this.tokenCount = tokenCount;
    }

    /** Pieces of the same call become one. */
    void add(ToolCallPiece piece) {
      if (!toolCalls.isEmpty() && toolCalls.getLast().index() == piece.index()) {
        ToolCallPiece last = toolCalls.removeLast();
        toolCalls.add(
            new ToolCallPiece(
                last.index(), last.id(), last.name(), last.arguments() + piece.arguments()));
      } else {
        toolCalls.add(piece);
      }
    }

    Delta toDelta() {
      return new Delta(
          choice,
          text.toString(),
          List.copyOf(tokens),
          reasoning.toString(),
          List.copyOf(toolCalls));
    }
  }

  /** A handed-out event with the tokens it stands for. */
  record Sent(GenerationEvent event, int choice, int tokenCount) {}

  private final Deque<Object> waiting = new ArrayDeque<>();
  private int credit;

  Outbox(int credit) {
    this.credit = credit;
  }

  void grant(int events) {
    credit += events;
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  void started(Started started) {
    waiting.add(started);
  }

  void finished(ChoiceFinished finished) {
    waiting.add(finished);
  }

  /**
   * Adds a piece of an answer.
   *
   * @param tokenCount how many tokens it stands for
   */
  void delta(int choice, String text, List<TokenText> tokens, int tokenCount) {
    PendingDelta last = lastDelta(choice);
    if (last == null) {
      waiting.add(new PendingDelta(choice, text, tokens, tokenCount));
    } else {
      last.text.append(text);
      last.tokens.addAll(tokens);
      last.tokenCount += tokenCount;
    }
  }

  /** Adds a piece of an answer with what its format told apart. */
  void delta(int choice, AnswerPieces pieces, List<TokenText> tokens, int tokenCount) {
    delta(choice, pieces.text(), tokens, tokenCount);
    PendingDelta last = lastDelta(choice);
    if (last != null) {
      last.reasoning.append(pieces.reasoning());
      pieces.toolCalls().forEach(last::add);
    }
  }

  private @Nullable PendingDelta lastDelta(int choice) {
    Iterator<Object> newestFirst = waiting.descendingIterator();
    while (newestFirst.hasNext()) {
      if (newestFirst.next() instanceof PendingDelta delta && delta.choice == choice) {
        return delta;
      }
    }
    return null;
  }

  /** Takes the next event, at the cost of one credit; null when there is none, or no credit. */
  @Nullable Sent poll() {
    if (waiting.isEmpty() || credit == 0) {
      return null;
    }
    credit--;
    return switch (waiting.poll()) {
      case PendingDelta delta -> new Sent(delta.toDelta(), delta.choice, delta.tokenCount);
      case GenerationEvent event -> new Sent(event, -1, 0);
      default -> throw new IllegalStateException("only deltas and events wait here");
    };
  }
}
