/**
 * The blocks that one node keeps for all its replicas: in memory outside the Java heap (HOST) and
 * in files that outlive the process (DISK).
 *
 * <p>{@link io.sampo.kvcache.store.BlockStore} is the door. Blocks come in by a {@link
 * io.sampo.kvcache.store.Reservation}, which is memory to be filled, or through a {@link
 * io.sampo.kvcache.store.Publisher}, which takes them from an engine beside its work; they are lent
 * to whoever reads them. A new block is in HOST and soon copied to DISK, so that HOST can be given
 * up at any time and a node that comes back has what it had.
 *
 * <p>Both tiers are a {@link io.sampo.kvcache.store.Shelf} each, which says what goes first: the
 * block whose computing again is cheapest for the room it takes, weighed by how recently and how
 * often it was used, and only blocks that no other one follows, that nobody reads and that are not
 * pinned. One lock guards all that is known of blocks; bytes are copied, read and written without
 * it.
 *
 * <p>Invariants: with each block a tier has all blocks before it. The bytes of a lent block stay
 * until it is given back. No tier exceeds its budget. What DISK gives was checked, or is a miss.
 */
@NullMarked
package io.sampo.kvcache.store;

import org.jspecify.annotations.NullMarked;
