/**
 * KV that comes back to an engine instead of being computed again, where that is quicker.
 *
 * <p>{@link io.sampo.kvcache.restore.BreakEven} decides: for a text of which several {@link
 * io.sampo.kvcache.restore.Source}s have leading blocks it plans which of them to take from where,
 * or to compute them, from rates that it measures itself. {@link
 * io.sampo.kvcache.restore.Restoration} carries a plan out, on a thread that may wait, and tells
 * what came of it. Where blocks lie is a {@link io.sampo.kvcache.restore.Supply}: the node's store,
 * or somebody else.
 *
 * <p>Invariant: whatever goes wrong, an engine gets sound blocks of the right text or none, and the
 * sequence that waits goes on in bounded time.
 */
@NullMarked
package io.sampo.kvcache.restore;

import org.jspecify.annotations.NullMarked;
