package io.sampo.cluster.gateway.answer;

import io.sampo.actors.generation.GenerationEvent;
import io.sampo.actors.generation.GenerationEvent.TokenText;
import io.sampo.actors.generation.GenerationEvent.ToolCallPiece;
import io.sampo.actors.wire.Failure;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request's answers, put together for a body that is sent as a whole. */
final class Collected {

  /** One answer. */
  static final class Choice {
    final StringBuilder text = new StringBuilder();
    final List<TokenText> tokens = new ArrayList<>();
    final StringBuilder reasoning = new StringBuilder();
    final List<ToolCall> toolCalls = new ArrayList<>();
    GenerationEvent.Reason reason = GenerationEvent.Reason.STOP;
    String stopText = "";
  }

  /** One call, whole. */
  static final class ToolCall {
    final String id;
    final String name;
    final StringBuilder arguments = new StringBuilder();

    ToolCall(String id, String name) {
      this.id = id;
      this.name = name;
    }
  }

  final List<Choice> choices = new ArrayList<>();
  GenerationEvent.@Nullable Started started;
  GenerationEvent.@Nullable Usage usage;
  @Nullable Failure failure;

  Collected(int choices) {
    for (int i = 0; i < choices; i++) {
      this.choices.add(new Choice());
    }
  }

  Collected add(GenerationEvent event) {
    switch (event) {
      case GenerationEvent.Started begin -> started = begin;
      case GenerationEvent.Delta delta -> {
        Choice choice = choices.get(delta.choice());
        choice.text.append(delta.text());
        choice.tokens.addAll(delta.tokens());
        choice.reasoning.append(delta.reasoning());
        delta.toolCalls().forEach(piece -> add(choice, piece));
      }
      case GenerationEvent.ChoiceFinished finished -> {
        choices.get(finished.choice()).reason = finished.reason();
        choices.get(finished.choice()).stopText = finished.stopText();
      }
      case GenerationEvent.Completed completed -> usage = completed.usage();
      case GenerationEvent.Failed failed -> failure = failed.failure();
      case GenerationEvent.Admitted _ -> {}
    }
    return this;
  }

  private static void add(Choice choice, ToolCallPiece piece) {
    if (piece.id() != null && piece.name() != null) {
      choice.toolCalls.add(new ToolCall(piece.id(), piece.name()));
    }
    choice.toolCalls.get(piece.index()).arguments.append(piece.arguments());
  }
}
