/**
 * A sequence from its owner's side. An {@link io.sampo.actors.attempt.Attempt} says to the router
 * and to a replica what a sequence needs to be placed, run and let go of, and knows where that
 * stands; generations and embeddings have one for each of their sequences.
 *
 * <p>Invariant: whatever an attempt that was given up still says is from an old epoch, and so is
 * told from what the one under way says.
 */
@NullMarked
package io.sampo.actors.attempt;

import org.jspecify.annotations.NullMarked;
