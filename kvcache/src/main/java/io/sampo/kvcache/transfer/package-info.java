/**
 * Moves blocks of keys and values between nodes, over a socket of their own: {@link
 * io.sampo.kvcache.transfer.BlockServer} gives what a node holds, {@link
 * io.sampo.kvcache.transfer.BlockFetcher} gets it from another node into memory of the caller.
 *
 * <p>In reading order: {@link io.sampo.kvcache.transfer.Wanted} is what is asked for and {@link
 * io.sampo.kvcache.transfer.Fetched} what came of it; {@code Frames} the form of all that travels;
 * {@code Handshake} how two nodes prove to each other that they know the cluster's secret, {@code
 * Seal} how every later byte is bound to that proof; {@code Wire} the bytes below, plain or TLS;
 * {@code Peer} what is remembered of another node: connections, {@code Circuit}, {@link
 * io.sampo.kvcache.transfer.PeerSpeed}.
 *
 * <p>State: connections, and figures about peers. Blocks belong to the source that lends them and
 * their memory to the caller who asks.
 *
 * <p>Invariants: a block that is handed out has the length, layout, position and name that were
 * asked for and came unchanged over this very connection from a node that knows the secret; any
 * doubt is a miss with its reason, never an exception. Nothing waits without a deadline, and no
 * length that a peer sends is allocated before it is compared with its limit.
 */
@NullMarked
package io.sampo.kvcache.transfer;

import org.jspecify.annotations.NullMarked;
