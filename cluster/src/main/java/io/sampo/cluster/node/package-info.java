/**
 * A node from start to stop. {@link io.sampo.cluster.node.SampoNode} wires the rooms below
 * together: the actor system and its membership, the sharded routers and replicas, the gateway, and
 * the order in which all of it ends.
 *
 * <p>Invariant: {@code /ready} answers 200 only after the model has produced a token through the
 * whole path.
 */
@NullMarked
package io.sampo.cluster.node;

import org.jspecify.annotations.NullMarked;
