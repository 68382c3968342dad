package io.sampo.actors.generation;

import io.sampo.actors.generation.GenerationEvent.ToolCallPiece;
import java.util.List;

/** What is new in an answer since it was last told, by kind. */
record AnswerPieces(String text, String reasoning, List<ToolCallPiece> toolCalls) {

  static final AnswerPieces NONE = new AnswerPieces("", "", List.of());

  boolean isEmpty() {
    return text.isEmpty() && reasoning.isEmpty() && toolCalls.isEmpty();
  }
}
