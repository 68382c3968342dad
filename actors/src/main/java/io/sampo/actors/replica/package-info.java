/**
 * One engine with one model loaded. A {@link io.sampo.actors.replica.Replica} is a sharded entity
 * on the engine nodes; it owns its engine from load to close, the sequences running on it, and the
 * last word on whether it takes one more.
 *
 * <p>Tokens go from the engine's thread straight to the generation that asked; the actor itself
 * sees only starts and ends.
 *
 * <p>A replica is ready while its engine proves that it can produce a token: by what it computes,
 * or by answering a one-token canary when it has stood still for a while. One that does neither is
 * taken for broken.
 *
 * <p>Invariant: each {@code Start} is answered by {@code Declined}, or by {@code Begun} and later
 * exactly one of {@code Finished} and {@code Broken}; each {@code Embed} by {@code Declined}, or by
 * {@code Vector}s and then exactly one of the same two.
 */
@NullMarked
package io.sampo.actors.replica;

import org.jspecify.annotations.NullMarked;
