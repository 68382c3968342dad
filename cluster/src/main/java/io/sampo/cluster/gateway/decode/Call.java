package io.sampo.cluster.gateway.decode;

import io.sampo.actors.generation.GenerationRequest;
import io.sampo.actors.generation.ServedModels.ServedModel;

/**
 * A decoded request: what to generate, and how the client wants to hear it.
 *
 * @param modelName the model as the client named it
 * @param stream as server-sent events
 * @param includeUsage a stream ends with a chunk that tells the tokens used
 */
public record Call(
    GenerationRequest request,
    ServedModel model,
    String modelName,
    boolean stream,
    boolean includeUsage) {

  /** Whether log probabilities are asked for. */
  public boolean logprobs() {
    return request.sampling().topLogprobs() >= 0;
  }
}
