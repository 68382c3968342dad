package io.sampo.actors.generation;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.actors.wire.ModelId;
import org.jspecify.annotations.Nullable;

/**
 * What an answer is computed with; what is cached of one is of no use to any other.
 *
 * @param adapter of the model, or null for the model itself
 */
record Weights(ModelId model, @Nullable String adapter) {

  /** Differs where the weights do: no name holds the character that parts the two. */
  byte[] fingerprint() {
    return (adapter == null ? model.name() : model.name() + '\0' + adapter).getBytes(UTF_8);
  }
}
