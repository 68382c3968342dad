/**
 * Assigns the requests of one model to its replicas. A {@link io.sampo.actors.scheduler.Scheduler}
 * is the child of its router; it owns the load ledger and the waiting queue, and is the only place
 * that books capacity.
 *
 * <p>Invariants: a replica is never booked beyond its sequences; the queue never grows beyond its
 * bound; an assignment asked for twice is answered twice and booked once.
 */
@NullMarked
package io.sampo.actors.scheduler;

import org.jspecify.annotations.NullMarked;
