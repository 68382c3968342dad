/**
 * From the JSON of OpenAI's completion APIs to a {@link
 * io.sampo.actors.generation.GenerationRequest}, and from that of its embedding API and of the
 * ranking APIs to an {@link io.sampo.cluster.gateway.decode.EmbeddingOrder}. Everything that can be
 * checked without running the model is checked here, and every refusal names the field.
 *
 * <p>Invariant: a field that this version does not act on is either neutral in value, or refused,
 * or unknown to everybody; none is silently misread.
 */
@NullMarked
package io.sampo.cluster.gateway.decode;

import org.jspecify.annotations.NullMarked;
