package io.sampo.cluster.gateway.answer;

import io.sampo.actors.generation.GenerationEvent;
import io.sampo.actors.generation.GenerationEvent.Usage;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.http.ErrorMapper;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.json.JsonBytes;
import io.sampo.ops.requests.RequestProgress;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Writes one request's answer, as server-sent events or as one body, and remembers how it ended.
 * Keeps state between events, so each request has its own.
 *
 * <p>Every event is one line of JSON: JSON's escapes leave no line break that a model could use to
 * forge an event.
 */
abstract sealed class AnswerEncoder implements Exchange.Outcome
    permits InfillEncoder, OpenAiEncoder {

  private final String model;
  private final RequestProgress progress;
  private final CompletableFuture<Void> told = new CompletableFuture<>();
  private volatile int tokens;
  private volatile @Nullable String error;

  /**
   * @param model as the client named it
   * @param progress is told what happens to the request
   */
  AnswerEncoder(String model, RequestProgress progress) {
    this.model = model;
    this.progress = progress;
  }

  /**
   * What a stream sends for this event; may be empty.
   *
   * @param nowNanos when it came, by {@link System#nanoTime}
   */
  final ByteString encode(GenerationEvent happened, long nowNanos) {
    note(happened, nowNanos);
    if (happened instanceof GenerationEvent.Completed completed) {
      tell(completed.usage());
    } else if (happened instanceof GenerationEvent.Failed) {
      told.complete(null);
    }
    return write(happened);
  }

  /** Takes an event into the request's figures. */
  final void note(GenerationEvent happened, long nowNanos) {
    if (happened instanceof GenerationEvent.Delta delta) {
      progress.piece(delta.choice(), nowNanos);
      return;
    }
    switch (happened) {
      case GenerationEvent.Started begun ->
          progress.started(
              begun.promptTokens(), begun.cachedTokens(), begun.replica().toString(), nowNanos);
      case GenerationEvent.ChoiceFinished finished ->
          progress.answered(finished.reason() == GenerationEvent.Reason.LENGTH);
      case GenerationEvent.Completed completed -> completed(completed.usage(), nowNanos);
      case GenerationEvent.Failed failed -> {
        error = ErrorMapper.code(failed.failure());
        progress.failed(failed.failure().code(), nowNanos);
      }
      case GenerationEvent.Delta _, GenerationEvent.Admitted _ -> {}
    }
  }

  private void completed(Usage usage, long nowNanos) {
    progress.completed(
        usage.promptTokens(), usage.cachedTokens(), usage.completionTokens(), nowNanos);
  }

  /** The whole answer as one body. */
  final byte[] whole(Collected collected, Usage usage) {
    tell(usage);
    return body(collected, usage);
  }

  private void tell(Usage usage) {
    tokens = usage.completionTokens();
    told.complete(null);
  }

  abstract ByteString write(GenerationEvent happened);

  abstract byte[] body(Collected collected, Usage usage);

  /** The line by which a client can come back; none where it cannot. */
  static JsonBytes at(JsonBytes event, String bookmark) {
    return bookmark.isEmpty() ? event : event.raw("id: ").raw(bookmark).raw("\n");
  }

  /** An error in the middle of a stream, in the words of an error ahead of it. */
  static ByteString failure(JsonBytes event, Failure failure) {
    return event.raw("data: ").raw(ErrorMapper.json(failure)).raw("\n\n").drain();
  }

  @Override
  public final String model() {
    return model;
  }

  @Override
  public final RequestProgress progress() {
    return progress;
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
}
