package io.sampo.cluster.gateway.answer;

import io.sampo.actors.generation.GenerationEvent;
import io.sampo.actors.generation.GenerationEvent.TokenText;
import io.sampo.actors.generation.GenerationEvent.Usage;
import io.sampo.cluster.gateway.json.JsonBytes;
import io.sampo.ops.requests.RequestProgress;
import java.util.List;
import java.util.Locale;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * What both of OpenAI's answers have in common: a head, choices by index, usage, and a last line
 * that says that it is the last. The parts that are the same in every event are encoded once.
 */
abstract sealed class OpenAiEncoder extends AnswerEncoder permits ChatEncoder, CompletionEncoder {

  private static final ByteString DONE = ByteString.fromString("data: [DONE]\n\n");
  private static final String NO_LOGPROBS = ",\"logprobs\":null";

  private final JsonBytes event = new JsonBytes(512);
  private final AnswerHead answer;
  private final byte[] eventHead;
  private final String eventTail;

  OpenAiEncoder(AnswerHead answer, String eventObject, RequestProgress progress) {
    super(answer.model(), progress);
    this.answer = answer;
    JsonBytes head = new JsonBytes(256).raw("data: ");
    writeHead(head, eventObject);
    this.eventHead = head.raw(",").name("choices").raw("[").toArray();
    this.eventTail = answer.includeUsage() ? "],\"usage\":null}\n\n" : "]}\n\n";
  }

  @Override
  final ByteString write(GenerationEvent happened) {
    return switch (happened) {
      case GenerationEvent.Started started ->
          answer.resumed() ? ByteString.emptyByteString() : begin(started.bookmark());
      case GenerationEvent.Delta delta -> {
        at(event, delta.bookmark());
        open(delta.choice());
        writeDelta(event, delta);
        event.raw(",\"finish_reason\":null}").raw(eventTail);
        yield event.drain();
      }
      case GenerationEvent.ChoiceFinished finished -> {
        at(event, finished.bookmark());
        open(finished.choice());
        writeNothing(event);
        event.raw(NO_LOGPROBS).raw(",").name("finish_reason").string(name(finished.reason()));
        event.raw("}").raw(eventTail);
        yield event.drain();
      }
      case GenerationEvent.Completed completed -> usage(completed.usage()).concat(DONE);
      case GenerationEvent.Failed failed -> failure(event, failed.failure());
      case GenerationEvent.Admitted _ -> ByteString.emptyByteString();
    };
  }

  /** Who has read the last of these events has read all. */
  private ByteString begin(String bookmark) {
    for (int choice = 0; choice < answer.choices(); choice++) {
      if (choice == answer.choices() - 1 && tellsBeginning()) {
        at(event, bookmark);
      }
      writeBegin(event, choice);
    }
    return event.drain();
  }

  /** The beginning of an event for one answer, up to its own fields. */
  final void open(int choice) {
    event.raw(eventHead).raw("{").name("index").number(choice);
  }

  final void close() {
    event.raw(",\"finish_reason\":null}").raw(eventTail);
  }

  private ByteString usage(Usage usage) {
    if (!answer.includeUsage()) {
      return ByteString.emptyByteString();
    }
    event.raw(eventHead).raw("],");
    writeUsage(event, usage);
    return event.raw("}\n\n").drain();
  }

  @Override
  final byte[] body(Collected collected, Usage usage) {
    JsonBytes body = new JsonBytes(1024);
    writeHead(body, wholeObject());
    body.raw(",").name("choices").raw("[");
    for (int i = 0; i < collected.choices.size(); i++) {
      Collected.Choice choice = collected.choices.get(i);
      body.raw(i == 0 ? "{" : ",{").name("index").number(i);
      writeWhole(body, choice);
      body.raw(",").name("finish_reason").string(name(choice.reason)).raw("}");
    }
    body.raw("],");
    writeUsage(body, usage);
    return body.raw("}").toArray();
  }

  private void writeHead(JsonBytes json, String object) {
    json.raw("{").name("id").string(answer.id());
    json.raw(",").name("object").string(object);
    json.raw(",").name("created").number(answer.createdSeconds());
    json.raw(",").name("model").string(answer.model());
    json.raw(",").name("system_fingerprint").string(answer.fingerprint());
  }

  private static void writeUsage(JsonBytes json, Usage usage) {
    json.name("usage").raw("{").name("prompt_tokens").number(usage.promptTokens());
    json.raw(",").name("completion_tokens").number(usage.completionTokens());
    json.raw(",").name("total_tokens").number(usage.promptTokens() + usage.completionTokens());
    json.raw(",").name("prompt_tokens_details");
    json.raw("{").name("cached_tokens").number(usage.cachedTokens()).raw("}");
    if (usage.reasoningTokens() > 0) {
      json.raw(",").name("completion_tokens_details");
      json.raw("{").name("reasoning_tokens").number(usage.reasoningTokens()).raw("}");
    }
    json.raw("}");
  }

  private static String name(GenerationEvent.Reason reason) {
    return reason.name().toLowerCase(Locale.ROOT);
  }

  /** The field with its log probabilities, or with null where none are asked for. */
  final void writeLogprobs(JsonBytes json, List<TokenText> tokens, int textOffset) {
    if (!answer.logprobs()) {
      json.raw(NO_LOGPROBS);
    } else {
      json.raw(",").name("logprobs");
      writeTokens(json, tokens, textOffset);
    }
  }

  abstract String wholeObject();

  /** Whether a stream sends anything for an answer before its text. */
  abstract boolean tellsBeginning();

  /** What that is. */
  abstract void writeBegin(JsonBytes json, int choice);

  /** A delta's own fields. */
  abstract void writeDelta(JsonBytes json, GenerationEvent.Delta delta);

  /** The same fields where nothing is to be told. */
  abstract void writeNothing(JsonBytes json);

  abstract void writeWhole(JsonBytes json, Collected.Choice choice);

  abstract void writeTokens(JsonBytes json, List<TokenText> tokens, int textOffset);

  static List<TokenText> top(@Nullable List<TokenText> top) {
    return top == null ? List.of() : top;
  }
}
