/**
 * What the block store of this node holds and what changes there, as server-sent events for routers
 * outside Sampo, in the words of vLLM's KV events.
 *
 * <p>A {@link io.sampo.cluster.gateway.feed.FeedSource} follows the node's {@link
 * io.sampo.actors.holder.Holder} for one client, as a router does: it asks, gets one answer, and
 * asks again when the client has taken that. So a slow client costs one answer's memory; when it
 * comes back for events that are not known any more, it is told everything anew.
 *
 * <p>Invariant: who applies what it is told, in order, from an {@code AllBlocksCleared} on, has
 * what the store has, up to what is still on its way.
 */
@NullMarked
package io.sampo.cluster.gateway.feed;

import org.jspecify.annotations.NullMarked;
