/**
 * Tells routers what the block store of a node holds. An {@link io.sampo.actors.holder.EventLog}
 * keeps the store's latest events, the node's {@link io.sampo.actors.holder.Holder} answers those
 * who follow them.
 *
 * <p>A follower asks, and gets one answer when there is one: what happened after the event that he
 * knows last, or a piece of a snapshot where that is not known any more. So nobody sends what
 * nobody has room for, a lost message is asked for again, and a store in which nothing happens
 * costs nothing.
 *
 * <p>Invariant: the log is bounded. Who comes too late for an event gets a snapshot.
 */
@NullMarked
package io.sampo.actors.holder;

import org.jspecify.annotations.NullMarked;
