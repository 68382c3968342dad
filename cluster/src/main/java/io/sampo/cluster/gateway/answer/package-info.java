/**
 * From what a {@link io.sampo.actors.generation.Generation} tells to what the client reads. {@link
 * io.sampo.cluster.gateway.answer.GenerationSource} owns the credit of one request; {@link
 * io.sampo.cluster.gateway.answer.OpenAnswers} knows all that run.
 *
 * <p>Invariant: an answer that was begun ends in exactly one way: complete, or with one error.
 */
@NullMarked
package io.sampo.cluster.gateway.answer;

import org.jspecify.annotations.NullMarked;
