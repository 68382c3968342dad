package io.sampo.engines.simulated;

import io.sampo.engines.simulated.model.SimulatedModel;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.KvScope;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceListener;
import io.sampo.engines.spi.SequenceRequest;
import io.sampo.engines.spi.TokenLogprobs;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One sequence as the engine sees it. Limit and cancellation are set by any thread; all else
 * belongs to the engine's. A listener that throws is logged and its sequence cancelled, so that it
 * harms no other.
 */
final class SimulatedSequence {

  private static final Logger LOG = LoggerFactory.getLogger(SimulatedSequence.class);

  private final SequenceRequest request;
  private final SequenceListener listener;
  private final AtomicInteger tokenLimit;
  private volatile boolean cancelled;

  private final long streamKey;
  private final int endIndex;
  private @Nullable BlockTrail trail;
  private int answerTokens;
  private int nextIndex;
  private int prefilledTokens;

  /**
   * What the planned step does with this sequence: prompt tokens to compute, and whether it
   * generates.
   */
  int plannedPrefill;

  boolean plannedDecode;

  /**
   * @param contextTokens the engine's context, longer than the prompt
   */
  SimulatedSequence(SequenceRequest request, SequenceListener listener, int contextTokens) {
    this.request = request;
    this.listener = listener;
    tokenLimit = new AtomicInteger(request.tokenLimit());
    streamKey = SimulatedModel.streamKey(request.sampling());
    nextIndex = request.firstIndex();
    int room = contextTokens - promptTokens();
    endIndex = Math.min(request.maxTokens(), request.firstIndex() + room);
  }

  SequenceId id() {
    return request.id();
  }

  /** Those of the prompt that are not told. */
  int promptTokens() {
    return request.promptIds().length - request.recited();
  }

  Sampling sampling() {
    return request.sampling();
  }

  void allow(int limit) {
    tokenLimit.accumulateAndGet(limit, Math::max);
  }

  void cancel() {
    cancelled = true;
  }

  boolean cancelled() {
    return cancelled;
  }

  /**
   * Reads the prompt and starts from what is held of it. At least one prompt token is always
   * computed, for the first token of the answer comes from it.
   *
   * @return prompt tokens that need no computing
   */
  int begin(SimulatedModel model, RetainedPrefixes retained) {
    int[] ids = request.promptIds();
    BlockTrail text = BlockTrail.of(model, ids, promptTokens());
    int reusable = (promptTokens() - 1) / RetainedPrefixes.BLOCK_TOKENS;
    long[] held = retained.held(request.scope(), text, reusable);
    trail = held.length == 0 ? text : text.resumed(model, ids, held);
    prefilledTokens = held.length * RetainedPrefixes.BLOCK_TOKENS;
    return prefilledTokens;
  }

  int prefillLeft() {
    return promptTokens() - prefilledTokens;
  }

  void prefilled(int tokens) {
    prefilledTokens += tokens;
  }

  boolean mayGenerate() {
    return nextIndex < tokenLimit.get();
  }

  boolean atEnd() {
    return nextIndex >= endIndex;
  }

  int nextIndex() {
    return nextIndex;
  }

  /** Whether the token that comes next is one of the prompt's. */
  boolean recites() {
    return nextIndex < 0;
  }

  /** The token that comes next. */
  int draw(SimulatedModel model) {
    if (recites()) {
      return request.promptIds()[request.promptIds().length + nextIndex];
    }
    return model.next(trail().state(), streamKey, !sampling().ignoreEndOfText());
  }

  TokenLogprobs logprobs(int chosen) {
    return SimulatedModel.logprobs(trail().state(), streamKey, chosen, sampling().topLogprobs());
  }

  /** Appends a drawn token. */
  void generated(int token) {
    trail().add(token);
    answerTokens++;
    nextIndex++;
  }

  /** Tokens whose KV this sequence holds. */
  int kvTokens() {
    return prefilledTokens + answerTokens;
  }

  void retainIn(RetainedPrefixes retained) {
    retained.retain(request.scope(), trail(), kvTokens() / RetainedPrefixes.BLOCK_TOKENS);
  }

  KvScope scope() {
    return request.scope();
  }

  /** Its text; it has begun. */
  BlockTrail trail() {
    if (trail == null) {
      throw new IllegalStateException("the sequence has not begun");
    }
    return trail;
  }

  void tellStarted(int cachedTokens) {
    try {
      listener.onStarted(cachedTokens);
    } catch (RuntimeException e) {
      blame(e);
    }
  }

  void tellTokens(int firstIndex, int[] ids, TokenLogprobs @Nullable [] logprobs) {
    try {
      listener.onTokens(firstIndex, ids, logprobs);
    } catch (RuntimeException e) {
      blame(e);
    }
  }

  void tellFinished(FinishReason reason) {
    try {
      listener.onFinished(reason);
    } catch (RuntimeException e) {
      blame(e);
    }
  }

  void tellFailed(EngineException failure) {
    try {
      listener.onFailed(failure);
    } catch (RuntimeException e) {
      blame(e);
    }
  }

  private void blame(RuntimeException e) {
    LOG.error("simulated engine: the listener of {} failed, which cancels it", id(), e);
    cancelled = true;
  }
}
