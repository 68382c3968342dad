package io.sampo.cluster.gateway.answer;

import io.sampo.actors.generation.GenerationEvent;
import io.sampo.actors.generation.GenerationEvent.ChoiceFinished;
import io.sampo.actors.generation.GenerationEvent.Reason;
import io.sampo.actors.generation.GenerationEvent.Usage;
import io.sampo.cluster.gateway.json.JsonBytes;
import io.sampo.ops.requests.RequestProgress;
import org.apache.pekko.util.ByteString;

/** The shape of {@code /infill}, which is llama-server's own; its stream has no last line. */
final class InfillEncoder extends AnswerEncoder {

  private final JsonBytes event = new JsonBytes(256);
  private ChoiceFinished end = new ChoiceFinished(0, Reason.STOP);

  InfillEncoder(String model, RequestProgress progress) {
    super(model, progress);
  }

  @Override
  ByteString write(GenerationEvent happened) {
    return switch (happened) {
      case GenerationEvent.Delta delta -> {
        open(at(event, delta.bookmark()).raw("data: "), delta.text(), false);
        yield event.raw("}\n\n").drain();
      }
      case ChoiceFinished finished -> {
        end = finished;
        yield ByteString.emptyByteString();
      }
      case GenerationEvent.Completed completed -> {
        open(event.raw("data: "), "", true);
        close(event, end.reason(), end.stopText(), completed.usage());
        yield event.raw("\n\n").drain();
      }
      case GenerationEvent.Failed failed -> failure(event, failed.failure());
      case GenerationEvent.Admitted _, GenerationEvent.Started _ -> ByteString.emptyByteString();
    };
  }

  @Override
  byte[] body(Collected collected, Usage usage) {
    Collected.Choice answer = collected.choices.getFirst();
    JsonBytes body = new JsonBytes(1024);
    open(body, answer.text, true);
    close(body, answer.reason, answer.stopText, usage);
    return body.toArray();
  }

  private static void open(JsonBytes json, CharSequence content, boolean stop) {
    json.raw("{\"index\":0,\"content\":\"").text(content).raw("\",\"tokens\":[],\"stop\":");
    json.raw(stop ? "true" : "false");
  }

  private void close(JsonBytes json, Reason reason, String stopText, Usage usage) {
    json.raw(",").name("model").string(model());
    json.raw(",").name("tokens_predicted").number(usage.completionTokens());
    json.raw(",").name("tokens_evaluated").number(usage.promptTokens());
    json.raw(",\"truncated\":false");
    json.raw(",").name("stop_type");
    json.string(reason == Reason.LENGTH ? "limit" : stopText.isEmpty() ? "eos" : "word");
    json.raw(",").name("stopping_word").string(stopText);
    json.raw(",").name("tokens_cached").number(usage.cachedTokens()).raw("}");
  }
}
