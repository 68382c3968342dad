package io.sampo.engines.spi;

import org.jspecify.annotations.Nullable;

/**
 * One sequence to generate.
 *
 * @param id the caller's name for it
 * @param promptIds the prompt; the array is not copied and must not change afterwards
 * @param firstIndex the index of the first token to tell: 0, or more when the last {@code
 *     firstIndex} ids of the prompt are an answer that another replica began. Sampling goes on as
 *     if it had never been interrupted. Less than 0 when so many of the prompt's last tokens are
 *     told too, with their log probabilities, each at its place before the answer; they are
 *     computed, whatever is held of them.
 * @param maxTokens the index to stop before, counted from 0 of the whole answer; {@link
 *     Integer#MAX_VALUE} for the context's end
 * @param tokenLimit the first {@link Engine#allow} limit
 * @param sampling how tokens are chosen
 * @param priority how urgent it is, see {@link Priority}
 * @param adapter the name of a loaded {@link Adapter} to answer with, or null for the model itself
 * @param scope with whom it shares KV
 */
public record SequenceRequest(
    SequenceId id,
    int[] promptIds,
    int firstIndex,
    int maxTokens,
    int tokenLimit,
    Sampling sampling,
    int priority,
    @Nullable String adapter,
    KvScope scope) {

  /** A request that shares KV with all. */
  public SequenceRequest(
      SequenceId id,
      int[] promptIds,
      int firstIndex,
      int maxTokens,
      int tokenLimit,
      Sampling sampling,
      int priority,
      @Nullable String adapter) {
    this(
        id,
        promptIds,
        firstIndex,
        maxTokens,
        tokenLimit,
        sampling,
        priority,
        adapter,
        KvScope.COMMON);
  }

  /** A request of normal priority, of the model itself. */
  public SequenceRequest(
      SequenceId id,
      int[] promptIds,
      int firstIndex,
      int maxTokens,
      int tokenLimit,
      Sampling sampling) {
    this(id, promptIds, firstIndex, maxTokens, tokenLimit, sampling, Priority.NORMAL, null);
  }

  public SequenceRequest {
    Priority.checked(priority);
    if (firstIndex <= -Math.max(1, promptIds.length)
        || firstIndex > promptIds.length
        || maxTokens <= firstIndex) {
      throw new IllegalArgumentException(
          "firstIndex "
              + firstIndex
              + ", maxTokens "
              + maxTokens
              + ", prompt of "
              + promptIds.length);
    }
  }

  /** How many of the prompt's last tokens are told before the answer. */
  public int recited() {
    return Math.max(0, -firstIndex);
  }

  /** How many of the prompt's last tokens are the answer's. */
  public int answered() {
    return Math.max(0, firstIndex);
  }
}
