/**
 * A request for vectors in the cluster. One {@link io.sampo.actors.embedding.Embedding} actor for
 * each request owns its inputs as tokens, the vectors that have come, and the deadline. It cuts the
 * inputs into parts that fit a message, has a few of them placed and computed at a time, and places
 * a part again when its replica is lost.
 *
 * <p>Invariants: a request ends in exactly one {@link io.sampo.actors.embedding.EmbeddingReply}; it
 * holds a vector for each input, in their order, or none at all.
 */
@NullMarked
package io.sampo.actors.embedding;

import org.jspecify.annotations.NullMarked;
