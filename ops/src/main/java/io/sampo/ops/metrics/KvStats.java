package io.sampo.ops.metrics;

import io.sampo.kvcache.restore.RestoreStats;
import io.sampo.kvcache.store.PublisherStats;
import io.sampo.kvcache.store.StoreStats;
import io.sampo.kvcache.transfer.FetcherStats;
import io.sampo.kvcache.transfer.ServerStats;
import org.jspecify.annotations.Nullable;

/**
 * What a node's KV does beside its engines.
 *
 * @param store what is kept
 * @param publisher how it came there
 * @param restores how it came back to engines
 * @param given to other nodes; null where nothing can be, as in the next
 * @param fetched from other nodes
 */
public record KvStats(
    StoreStats store,
    PublisherStats publisher,
    RestoreStats restores,
    @Nullable ServerStats given,
    @Nullable FetcherStats fetched) {}
