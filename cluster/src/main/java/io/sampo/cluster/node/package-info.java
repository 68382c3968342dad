/**
 * A node from start to stop. {@link io.sampo.cluster.node.SampoNode} wires the rooms below
 * together: the actor system and its membership, the sharded routers and replicas, the gateway, and
 * the order in which all of it ends. {@link io.sampo.cluster.node.FewestShards} says where routers
 * and replicas live, {@link io.sampo.cluster.node.NodeEngines} how models are loaded here, {@link
 * io.sampo.cluster.node.SavedAdapters} is what a node leaves to its next start.
 *
 * <p>Invariant: {@code /ready} answers 200 only after the model has produced a token through the
 * whole path, and after everything that can be of an earlier run is loaded again.
 */
@NullMarked
package io.sampo.cluster.node;

import org.jspecify.annotations.NullMarked;
