/**
 * Finds where a session's cache is. One {@link io.sampo.actors.router.Router} for each model, a
 * sharded entity on the gateway nodes, owns which replicas the model has and which replica each
 * session was last placed on.
 *
 * <p>Invariant: it sees hashes and lengths, never prompt ids or tokens, so its load is requests per
 * second.
 */
@NullMarked
package io.sampo.actors.router;

import org.jspecify.annotations.NullMarked;
