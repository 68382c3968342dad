package io.sampo.cluster.gateway.answer;

import io.sampo.actors.generation.GenerationEvent;
import io.sampo.actors.generation.GenerationEvent.TokenText;
import io.sampo.actors.generation.GenerationEvent.Usage;
import io.sampo.cluster.gateway.http.ErrorMapper;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.json.JsonBytes;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Writes one request's answer, as server-sent events or as one body. The parts that are the same in
 * every event are encoded once. Keeps state between events, so each request has its own.
 *
 * <p>Every event is one line of JSON: JSON's escapes leave no line break that a model could use to
 * forge an event.
 */
abstract sealed class AnswerEncoder implements Exchange.Outcome
    permits ChatEncoder, CompletionEncoder {

  private static final ByteString DONE = ByteString.fromString("data: [DONE]\n\n");
  private static final String NO_LOGPROBS = ",\"logprobs\":null";

  private final JsonBytes event = new JsonBytes(512);
  private final AnswerHead answer;
  private final byte[] eventHead;
  private final String eventTail;
  private final CompletableFuture<Void> told = new CompletableFuture<>();
  private volatile int tokens;
  private volatile @Nullable String error;

  AnswerEncoder(AnswerHead answer, String eventObject) {
    this.answer = answer;
    JsonBytes head = new JsonBytes(256).raw("data: ");
    writeHead(head, eventObject);
    this.eventHead = head.raw(",").name("choices").raw("[").toArray();
    this.eventTail = answer.includeUsage() ? "],\"usage\":null}\n\n" : "]}\n\n";
  }

  /** What a stream sends for this event; may be empty. */
  final ByteString encode(GenerationEvent happened) {
    return switch (happened) {
      case GenerationEvent.Started _ -> begin();
      case GenerationEvent.Delta delta -> {
        open(delta.choice());
        writeDelta(event, delta);
        event.raw(",\"finish_reason\":null}").raw(eventTail);
        yield event.drain();
      }
      case GenerationEvent.ChoiceFinished finished -> {
        open(finished.choice());
        writeNothing(event);
        event.raw(NO_LOGPROBS).raw(",").name("finish_reason").string(name(finished.reason()));
        event.raw("}").raw(eventTail);
        yield event.drain();
      }
      case GenerationEvent.Completed completed -> usage(completed.usage()).concat(DONE);
      case GenerationEvent.Failed failed -> {
        error = ErrorMapper.code(failed.failure());
        told.complete(null);
        event.raw("data: ").raw(ErrorMapper.json(failed.failure())).raw("\n\n");
        yield event.drain();
      }
      case GenerationEvent.Admitted _ -> ByteString.emptyByteString();
    };
  }

  @Override
  public final String model() {
    return answer.model();
  }

  @Override
  public final CompletableFuture<?> told() {
    return told;
  }

  @Override
  public final int tokens() {
    return tokens;
  }

  @Override
  public final @Nullable String error() {
    return error;
  }

  private ByteString begin() {
    for (int choice = 0; choice < answer.choices(); choice++) {
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
    tell(usage);
    if (!answer.includeUsage()) {
      return ByteString.emptyByteString();
    }
    event.raw(eventHead).raw("],");
    writeUsage(event, usage);
    return event.raw("}\n\n").drain();
  }

  private void tell(Usage usage) {
    tokens = usage.completionTokens();
    told.complete(null);
  }

  /** The whole answer as one body. */
  final byte[] whole(Collected collected, Usage usage) {
    tell(usage);
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

  /** What a stream sends for one answer before its text. */
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
