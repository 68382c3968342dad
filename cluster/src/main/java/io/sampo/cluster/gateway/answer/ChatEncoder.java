package io.sampo.cluster.gateway.answer;

import io.sampo.actors.generation.GenerationEvent;
import io.sampo.actors.generation.GenerationEvent.TokenText;
import io.sampo.actors.generation.GenerationEvent.ToolCallPiece;
import io.sampo.cluster.gateway.json.JsonBytes;
import io.sampo.ops.requests.RequestProgress;
import java.util.List;

/** The shapes of {@code /v1/chat/completions}. */
final class ChatEncoder extends OpenAiEncoder {

  ChatEncoder(AnswerHead answer, RequestProgress progress) {
    super(answer, "chat.completion.chunk", progress);
  }

  @Override
  String wholeObject() {
    return "chat.completion";
  }

  @Override
  boolean tellsBeginning() {
    return true;
  }

  @Override
  void writeBegin(JsonBytes json, int choice) {
    open(choice);
    json.raw(",\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null");
    close();
  }

  @Override
  void writeDelta(JsonBytes json, GenerationEvent.Delta delta) {
    if (delta.reasoning().isEmpty() && delta.toolCalls().isEmpty()) {
      json.raw(",\"delta\":{\"content\":\"").text(delta.text()).raw("\"}");
    } else {
      writeParts(json, delta);
    }
    writeLogprobs(json, delta.tokens(), 0);
  }

  /** A delta with more than text in it. */
  private static void writeParts(JsonBytes json, GenerationEvent.Delta delta) {
    String comma = "";
    json.raw(",\"delta\":{");
    if (!delta.reasoning().isEmpty()) {
      json.name("reasoning_content").string(delta.reasoning());
      comma = ",";
    }
    if (!delta.text().isEmpty()) {
      json.raw(comma).name("content").string(delta.text());
      comma = ",";
    }
    if (!delta.toolCalls().isEmpty()) {
      json.raw(comma).name("tool_calls").raw("[");
      for (int i = 0; i < delta.toolCalls().size(); i++) {
        writePiece(json.raw(i == 0 ? "" : ","), delta.toolCalls().get(i));
      }
      json.raw("]");
    }
    json.raw("}");
  }

  private static void writePiece(JsonBytes json, ToolCallPiece piece) {
    json.raw("{").name("index").number(piece.index());
    if (piece.id() != null && piece.name() != null) {
      json.raw(",").name("id").string(piece.id()).raw(",\"type\":\"function\"");
      json.raw(",\"function\":{").name("name").string(piece.name()).raw(",");
    } else {
      json.raw(",\"function\":{");
    }
    json.name("arguments").string(piece.arguments()).raw("}}");
  }

  @Override
  void writeNothing(JsonBytes json) {
    json.raw(",\"delta\":{}");
  }

  @Override
  void writeWhole(JsonBytes json, Collected.Choice choice) {
    json.raw(",\"message\":{\"role\":\"assistant\",\"content\":");
    if (choice.text.isEmpty() && !choice.toolCalls.isEmpty()) {
      json.raw("null");
    } else {
      json.raw("\"").text(choice.text).raw("\"");
    }
    json.raw(",\"refusal\":null");
    if (!choice.reasoning.isEmpty()) {
      json.raw(",\"reasoning_content\":\"").text(choice.reasoning).raw("\"");
    }
    if (!choice.toolCalls.isEmpty()) {
      writeCalls(json, choice.toolCalls);
    }
    json.raw("}");
    writeLogprobs(json, choice.tokens, 0);
  }

  private static void writeCalls(JsonBytes json, List<Collected.ToolCall> calls) {
    json.raw(",").name("tool_calls").raw("[");
    for (int i = 0; i < calls.size(); i++) {
      Collected.ToolCall call = calls.get(i);
      json.raw(i == 0 ? "{" : ",{").name("id").string(call.id).raw(",\"type\":\"function\"");
      json.raw(",\"function\":{").name("name").string(call.name);
      json.raw(",").name("arguments").raw("\"").text(call.arguments).raw("\"}}");
    }
    json.raw("]");
  }

  @Override
  void writeTokens(JsonBytes json, List<TokenText> tokens, int textOffset) {
    json.raw("{\"content\":[");
    for (int i = 0; i < tokens.size(); i++) {
      TokenText token = tokens.get(i);
      json.raw(i == 0 ? "{" : ",{");
      writeToken(json, token);
      json.raw(",\"top_logprobs\":[");
      List<TokenText> top = top(token.top());
      for (int j = 0; j < top.size(); j++) {
        json.raw(j == 0 ? "{" : ",{");
        writeToken(json, top.get(j));
        json.raw("}");
      }
      json.raw("]}");
    }
    json.raw("],\"refusal\":null}");
  }

  private static void writeToken(JsonBytes json, TokenText token) {
    json.name("token").string(token.text());
    json.raw(",").name("logprob").logprob(token.logprob());
    json.raw(",").name("bytes").raw("[");
    byte[] bytes = token.bytes();
    for (int i = 0; i < bytes.length; i++) {
      json.raw(i == 0 ? "" : ",").number(Byte.toUnsignedInt(bytes[i]));
    }
    json.raw("]");
  }
}
