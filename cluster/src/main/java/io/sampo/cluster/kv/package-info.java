/**
 * The KV that a node keeps beside its engines: in main memory and in files.
 *
 * <p>{@link io.sampo.cluster.kv.TieredKv} owns the node's block store and what publishes into it,
 * and serves the engines of its replicas, each through a {@link io.sampo.cluster.kv.TieredEngine}:
 * before a sequence begins, blocks of its prompt are brought back where that is quicker than
 * computing them; when it ends, its blocks are taken.
 *
 * <p>A {@link io.sampo.cluster.kv.BlockExchange} opens the store to the other nodes: routers hear
 * what is in it, and blocks go to and come from where the router says. {@link
 * io.sampo.cluster.kv.KvNames} has a gateway name blocks as the stores do, by the cluster's secret
 * ({@link io.sampo.cluster.kv.KvSecret}).
 *
 * <p>Invariant: without this room every answer would be the same, only later.
 */
@NullMarked
package io.sampo.cluster.kv;

import org.jspecify.annotations.NullMarked;
