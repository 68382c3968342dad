package io.sampo.engines.spi;

/**
 * One loaded model that generates for several sequences at once. All methods return at once and may
 * be called from any thread; the listener's methods are called on the engine's own thread and must
 * not block.
 */
public interface Engine extends AutoCloseable {

  EngineCapabilities capabilities();

  /**
   * Starts a sequence.
   *
   * @throws EngineException FULL when {@link Places} has none for its priority, CLOSED after {@link
   *     #close}, INVALID_REQUEST when the prompt is empty, does not fit the context or holds a
   *     token outside the vocabulary
   */
  void submit(SequenceRequest request, SequenceListener listener);

  /**
   * Lets a sequence generate up to (not including) the token with this index; a sequence that has
   * reached its limit waits and costs its batch mates nothing. A lower limit than an earlier one,
   * or an unknown sequence, is ignored.
   */
  void allow(SequenceId sequence, int tokenLimit);

  /** Ends a sequence soon, with {@link FinishReason#CANCELLED}. An unknown sequence is ignored. */
  void cancel(SequenceId sequence);

  /** A snapshot; cheap enough to be read every few milliseconds. */
  EngineStats stats();

  /**
   * Fails what still runs with CLOSED, ends the engine's thread and gives back its memory. Blocks
   * until that is done; closing once more is harmless.
   */
  @Override
  void close();
}
