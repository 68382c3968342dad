package io.sampo.engines.spi;

import io.sampo.engines.spi.EngineException.Kind;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * One loaded model that works for several requests at once: it generates, embeds or ranks, as its
 * {@link EngineCapabilities#task} says. All methods return at once and may be called from any
 * thread; the listener's methods are called on the engine's own thread and must not block.
 */
public interface Engine extends AutoCloseable {

  EngineCapabilities capabilities();

  /**
   * Starts a sequence.
   *
   * @throws EngineException FULL when {@link Places} has none for its priority, CLOSED after {@link
   *     #close}, INVALID_REQUEST when the prompt is empty, does not fit the context, holds a token
   *     outside the vocabulary or names an adapter that is not loaded, or the task is not to
   *     generate
   */
  void submit(SequenceRequest request, SequenceListener listener);

  /**
   * Computes the vectors of some inputs. Such a request counts as one sequence.
   *
   * @throws EngineException FULL and CLOSED as for {@link #submit}, INVALID_REQUEST when an input
   *     does not fit the context or holds a token outside the vocabulary, or the task is to
   *     generate
   */
  void embed(EmbeddingRequest request, EmbeddingListener listener);

  /**
   * Lets a sequence generate up to (not including) the token with this index; a sequence that has
   * reached its limit waits and costs its batch mates nothing. A lower limit than an earlier one,
   * or an unknown sequence, is ignored.
   */
  void allow(SequenceId sequence, int tokenLimit);

  /** Ends a request soon, with {@link FinishReason#CANCELLED}. An unknown sequence is ignored. */
  void cancel(SequenceId sequence);

  /**
   * Loads an adapter while sequences run.
   *
   * @return done when requests may name it; fails with MODEL_REJECTED when its file breaks a rule,
   *     INVALID_REQUEST when the name is in use or this engine has no adapters, OUT_OF_MEMORY when
   *     it does not fit, CLOSED after {@link #close}
   */
  default CompletionStage<Void> loadAdapter(Adapter adapter) {
    return CompletableFuture.failedStage(
        new EngineException(
            Kind.INVALID_REQUEST, "the " + capabilities().engine() + " engine has no adapters"));
  }

  /**
   * Lets go of an adapter: from now on sequences that name it are refused.
   *
   * @return done when the sequences that use it have ended and its memory is given back; at once
   *     for an unknown name
   */
  default CompletionStage<Void> unloadAdapter(String name) {
    return CompletableFuture.completedStage(null);
  }

  /** Its KV as blocks that leave and enter, or the reason why they cannot. */
  KvBlocks kvBlocks();

  /** What the engine's own CPU kernels have taken over of the model. */
  default KernelStats kernels() {
    return KernelStats.NONE;
  }

  /** A snapshot; cheap enough to be read every few milliseconds. */
  EngineStats stats();

  /**
   * Fails what still runs with CLOSED, ends the engine's thread and gives back its memory. Blocks
   * until that is done; closing once more is harmless.
   */
  @Override
  void close();
}
