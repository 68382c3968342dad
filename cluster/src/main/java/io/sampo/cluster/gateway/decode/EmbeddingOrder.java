package io.sampo.cluster.gateway.decode;

import io.sampo.actors.embedding.EmbeddingCall;
import io.sampo.actors.generation.ServedModels.ServedModel;
import java.time.Duration;
import java.util.List;

/**
 * A decoded request for vectors: what to compute, and how the client wants to hear it.
 *
 * @param modelName the model as the client named it
 * @param priority how urgent it is
 * @param timeout from now to the last vector
 */
public record EmbeddingOrder(
    ServedModel model,
    String modelName,
    EmbeddingCall.Inputs inputs,
    int priority,
    Duration timeout,
    Form form) {

  /** What the answer looks like. */
  public sealed interface Form {}

  /**
   * A list of vectors.
   *
   * @param base64 as the bytes of little-endian floats instead of numbers
   */
  public record Vectors(boolean base64) implements Form {}

  /**
   * A list of documents, the best first.
   *
   * @param top how many of them
   * @param returned the documents' texts where they are to be told, else empty
   */
  public record Ranking(int top, List<String> returned) implements Form {}
}
