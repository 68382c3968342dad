package io.sampo.cluster.kv;

import io.sampo.kvcache.restore.RestoreStats;
import io.sampo.kvcache.store.PublisherStats;
import io.sampo.kvcache.store.StoreStats;
import org.jspecify.annotations.Nullable;

/**
 * What a node's KV does at this moment, and has done since the node began.
 *
 * @param store what is kept
 * @param publisher how it came there
 * @param restores how it came back to engines
 * @param exchange what went between nodes; null where nothing can
 */
public record KvFigures(
    StoreStats store,
    PublisherStats publisher,
    RestoreStats restores,
    @Nullable ExchangeFigures exchange) {}
