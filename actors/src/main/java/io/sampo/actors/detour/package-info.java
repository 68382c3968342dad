/**
 * The way round a router that does not answer. A router that dies with its node is started
 * elsewhere only after the cluster has settled who is gone; until then each gateway's {@link
 * io.sampo.actors.detour.Detour} places sequences on the replicas that it last heard of, by {@link
 * io.sampo.actors.detour.BoundedLoad}.
 *
 * <p>Invariant: it books nothing. A replica's own bound is the last word, and what it declines is
 * placed again.
 */
@NullMarked
package io.sampo.actors.detour;

import org.jspecify.annotations.NullMarked;
