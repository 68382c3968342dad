package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeSampler;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceListener;
import io.sampo.engines.spi.SequenceRequest;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One accepted request. All of it belongs to the engine's thread, but the token limit and the wish
 * to cancel, which any thread may set.
 *
 * <p>Invariant: 0 <= computed < length: the last token is always still to be computed, since
 * computing it is what gives the next one.
 */
final class Sequence implements StepPlanner.Demand {

  final SequenceRequest request;
  final SequenceListener listener;

  private final AtomicInteger tokenLimit;
  private volatile boolean cancelled;

  private int[] tokens;
  private int length;
  private int computed;
  private int nextIndex;
  private int slot = -1;
  private @Nullable NativeSampler sampler;

  Sequence(SequenceRequest request, SequenceListener listener) {
    this.request = request;
    this.listener = listener;
    tokenLimit = new AtomicInteger(request.tokenLimit());
    tokens = request.promptIds();
    length = tokens.length;
    nextIndex = request.firstIndex();
  }

  SequenceId id() {
    return request.id();
  }

  /** For any thread. */
  void allow(int limit) {
    tokenLimit.accumulateAndGet(limit, Math::max);
  }

  /** For any thread. */
  void cancel() {
    cancelled = true;
  }

  boolean cancelled() {
    return cancelled;
  }

  /** Begins in a slot that already holds the KV of the first tokens. */
  void begin(int inSlot, int cachedTokens, NativeSampler withSampler) {
    slot = inSlot;
    computed = cachedTokens;
    sampler = withSampler;
  }

  int slot() {
    return slot;
  }

  NativeSampler sampler() {
    if (sampler == null) {
      throw new IllegalStateException("the sequence has not begun");
    }
    return sampler;
  }

  /** Gives back native memory. */
  void end() {
    if (sampler != null) {
      sampler.close();
    }
  }

  /** Tokens of prompt and answer; only the first {@link #length} count. */
  int[] tokens() {
    return tokens;
  }

  int length() {
    return length;
  }

  /** Leading tokens whose KV is held. */
  int computed() {
    return computed;
  }

  /** The index in the answer of the token that comes next. */
  int nextIndex() {
    return nextIndex;
  }

  boolean inPrompt() {
    return length == request.promptIds().length;
  }

  /**
   * The prompt may be computed ahead of the limit, but for its last token, which gives a new one.
   */
  @Override
  public int readyTokens() {
    int open = length - computed;
    return nextIndex < tokenLimit.get() ? open : open - 1;
  }

  void advance(int computedTokens) {
    computed += computedTokens;
  }

  void append(int token) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, length + Math.max(64, length / 2));
    }
    tokens[length++] = token;
    nextIndex++;
  }
}
