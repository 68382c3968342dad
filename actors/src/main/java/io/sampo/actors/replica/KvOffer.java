package io.sampo.actors.replica;

import io.sampo.actors.holder.StoreAddress;
import io.sampo.kvcache.block.KvLayout;
import org.jspecify.annotations.Nullable;

/**
 * What a replica tells of the KV that leaves and enters its engine.
 *
 * @param layout of its blocks, and with it what their names begin with
 * @param store of its node, or null where it keeps no blocks
 * @param hostBytesPerSecond how fast blocks come into the engine from the node's main memory; 0
 *     where none was measured, as in the others
 * @param diskBytesPerSecond from the node's files
 * @param peerBytesPerSecond from other nodes
 * @param counters of its node's store
 */
public record KvOffer(
    KvLayout layout,
    @Nullable StoreAddress store,
    double hostBytesPerSecond,
    double diskBytesPerSecond,
    double peerBytesPerSecond,
    KvCounters counters) {}
