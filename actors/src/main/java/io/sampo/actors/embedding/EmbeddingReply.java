package io.sampo.actors.embedding;

import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ReplicaId;

/** The end of a request for vectors. Stays inside the gateway's node. */
public sealed interface EmbeddingReply {

  /**
   * Every input has its vector.
   *
   * @param vectors in the order of the inputs; of a model that ranks, a score each
   * @param tokens of all inputs
   * @param replica of the first part
   * @param route policy and reason of its placement, for the debug header
   */
  record Embedded(float[][] vectors, long tokens, ReplicaId replica, String route)
      implements EmbeddingReply {}

  record Failed(Failure failure) implements EmbeddingReply {}
}
