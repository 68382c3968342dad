/**
 * The desired state: which models run, on how many replicas and with which adapters. {@link
 * io.sampo.actors.placement.Placement} is a cluster singleton on the gateway nodes; it owns the
 * wanted model specs and asks each wanted replica to be there, again and again. {@link
 * io.sampo.actors.placement.Seats} says which those are.
 *
 * <p>Invariant: asking is idempotent, so that a new singleton after a lost one changes nothing that
 * already runs.
 */
@NullMarked
package io.sampo.actors.placement;

import org.jspecify.annotations.NullMarked;
