package io.sampo.engines.spi;

import java.util.List;

/**
 * An answer, or as much as there is of it, taken apart by the model's chat format.
 *
 * @param content what is said to the user
 * @param reasoning what the model thought before
 * @param toolCalls in the order of the text; while the answer grows the last one may be incomplete
 */
public record ParsedAnswer(String content, String reasoning, List<ToolCall> toolCalls) {

  /**
   * One call.
   *
   * @param id the model's own; empty where its format has none
   * @param arguments a JSON object as text
   */
  public record ToolCall(String id, String name, String arguments) {}

  public ParsedAnswer {
    toolCalls = List.copyOf(toolCalls);
  }
}
