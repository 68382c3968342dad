/**
 * What a holder of blocks says about them, so that others know without asking.
 *
 * <p>A holder, the store of a node or an engine, numbers its {@link
 * io.sampo.kvcache.event.BlockEvent}s with an {@link io.sampo.kvcache.event.EventStream}. Whoever
 * follows it has an {@link io.sampo.kvcache.event.EventReader}, which finds duplicates, gaps and
 * restarts; a gap is closed by a {@link io.sampo.kvcache.event.BlockSnapshot}, the whole of what
 * the holder has.
 *
 * <p>Events are carriers; the stream and the reader own a few numbers each, and the reader keeps a
 * bounded number of events while a snapshot is on its way. Nothing here knows a clock, a thread or
 * a wire.
 *
 * <p>Invariant: who has read the events of an epoch from number 0, or a snapshot and all events
 * from its number on, knows exactly what the holder had when it sent the last of them.
 */
@NullMarked
package io.sampo.kvcache.event;

import org.jspecify.annotations.NullMarked;
