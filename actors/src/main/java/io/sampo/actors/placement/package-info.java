/**
 * The desired state: which models run, on how many replicas, with which adapters, and what is
 * drained. {@link io.sampo.actors.placement.Placement} is a cluster singleton on the gateway nodes;
 * it alone changes what is {@link io.sampo.actors.placement.Desired} and tells replicas what
 * follows, again and again. {@link io.sampo.actors.placement.Wishes} decides that, {@link
 * io.sampo.actors.placement.Seats} says which replica goes to which node, {@link
 * io.sampo.actors.placement.Room} what fits there.
 *
 * <p>Invariant: asking is idempotent, so that a new singleton after a lost one changes nothing that
 * already runs.
 */
@NullMarked
package io.sampo.actors.placement;

import org.jspecify.annotations.NullMarked;
