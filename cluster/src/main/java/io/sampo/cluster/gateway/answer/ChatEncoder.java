package io.sampo.cluster.gateway.answer;

import io.sampo.actors.generation.GenerationEvent;
import io.sampo.actors.generation.GenerationEvent.TokenText;
import io.sampo.cluster.gateway.json.JsonBytes;
import java.util.List;

/** The shapes of {@code /v1/chat/completions}. */
final class ChatEncoder extends AnswerEncoder {

  ChatEncoder(AnswerHead answer) {
    super(answer, "chat.completion.chunk");
  }

  @Override
  String wholeObject() {
    return "chat.completion";
  }

  @Override
  void writeBegin(JsonBytes json, int choice) {
    open(choice);
    json.raw(",\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null");
    close();
  }

  @Override
  void writeDelta(JsonBytes json, GenerationEvent.Delta delta) {
    json.raw(",\"delta\":{\"content\":\"").text(delta.text()).raw("\"}");
    writeLogprobs(json, delta.tokens(), 0);
  }

  @Override
  void writeNothing(JsonBytes json) {
    json.raw(",\"delta\":{}");
  }

  @Override
  void writeWhole(JsonBytes json, Collected.Choice choice) {
    json.raw(",\"message\":{\"role\":\"assistant\",\"content\":\"").text(choice.text);
    json.raw("\",\"refusal\":null}");
    writeLogprobs(json, choice.tokens, 0);
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
