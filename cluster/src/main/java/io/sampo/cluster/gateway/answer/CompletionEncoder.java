package io.sampo.cluster.gateway.answer;

import io.sampo.actors.generation.GenerationEvent;
import io.sampo.actors.generation.GenerationEvent.TokenText;
import io.sampo.cluster.gateway.json.JsonBytes;
import io.sampo.ops.requests.RequestProgress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The shapes of {@code /v1/completions}, log probabilities in their older form. */
final class CompletionEncoder extends OpenAiEncoder {

  /** For each answer, how many characters the tokens told so far have. */
  private final int[] offsets;

  CompletionEncoder(AnswerHead answer, RequestProgress progress) {
    super(answer, "text_completion", progress);
    offsets = new int[answer.choices()];
  }

  @Override
  String wholeObject() {
    return "text_completion";
  }

  @Override
  boolean tellsBeginning() {
    return false;
  }

  @Override
  void writeBegin(JsonBytes json, int choice) {}

  @Override
  void writeDelta(JsonBytes json, GenerationEvent.Delta delta) {
    json.raw(",\"text\":\"").text(delta.text()).raw("\"");
    writeLogprobs(json, delta.tokens(), offsets[delta.choice()]);
    for (TokenText token : delta.tokens()) {
      offsets[delta.choice()] += token.text().length();
    }
  }

  @Override
  void writeNothing(JsonBytes json) {
    json.raw(",\"text\":\"\"");
  }

  @Override
  void writeWhole(JsonBytes json, Collected.Choice choice) {
    json.raw(",\"text\":\"").text(choice.text).raw("\"");
    writeLogprobs(json, choice.tokens, 0);
  }

  @Override
  void writeTokens(JsonBytes json, List<TokenText> tokens, int textOffset) {
    JsonBytes texts = new JsonBytes(64);
    JsonBytes logprobs = new JsonBytes(64);
    JsonBytes tops = new JsonBytes(256);
    JsonBytes offsetList = new JsonBytes(64);
    int offset = textOffset;
    for (int i = 0; i < tokens.size(); i++) {
      TokenText token = tokens.get(i);
      String comma = i == 0 ? "" : ",";
      texts.raw(comma).string(token.text());
      if (Float.isNaN(token.logprob())) {
        logprobs.raw(comma).raw("null");
      } else {
        logprobs.raw(comma).logprob(token.logprob());
      }
      offsetList.raw(comma).number(offset);
      writeTop(tops.raw(comma), top(token.top()));
      offset += token.text().length();
    }
    json.raw("{").name("tokens").raw("[").raw(texts.toArray());
    json.raw("],").name("token_logprobs").raw("[").raw(logprobs.toArray());
    json.raw("],").name("top_logprobs").raw("[").raw(tops.toArray());
    json.raw("],").name("text_offset").raw("[").raw(offsetList.toArray()).raw("]}");
  }

  /** An object by token text; of tokens with the same text the likeliest is told. */
  private static void writeTop(JsonBytes json, List<TokenText> top) {
    if (top.isEmpty()) {
      json.raw("null");
      return;
    }
    Set<String> told = new HashSet<>();
    json.raw("{");
    for (TokenText token : top) {
      if (told.add(token.text())) {
        json.raw(told.size() == 1 ? "" : ",").name(token.text()).logprob(token.logprob());
      }
    }
    json.raw("}");
  }
}
