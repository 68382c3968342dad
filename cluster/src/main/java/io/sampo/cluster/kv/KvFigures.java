package io.sampo.cluster.kv;

import io.sampo.actors.replica.KvCounters;
import io.sampo.kvcache.restore.RestoreStats;
import io.sampo.kvcache.store.PublisherStats;
import io.sampo.kvcache.store.StoreStats;
import io.sampo.kvcache.store.TierStats;
import io.sampo.kvcache.transfer.FetcherStats;
import io.sampo.kvcache.transfer.ServerStats;
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
    @Nullable ExchangeFigures exchange) {

  /** What the node's replicas report of it. */
  KvCounters counters() {
    TierStats host = store.host();
    TierStats disk = store.disk();
    ServerStats given = exchange == null ? null : exchange.given();
    FetcherStats fetched = exchange == null ? null : exchange.fetched();
    return new KvCounters(
        host.bytes(),
        host.blocks(),
        host.hits(),
        host.evicted(),
        disk.bytes(),
        disk.blocks(),
        disk.hits(),
        disk.evicted(),
        publisher.blocks(),
        restores.blocks(),
        Math.round(restores.winMillis()),
        Math.round(restores.lossMillis()),
        restores.declined(),
        given == null ? 0 : given.blocks(),
        given == null ? 0 : given.bytes(),
        fetched == null ? 0 : fetched.blocks(),
        fetched == null ? 0 : fetched.bytes(),
        fetched == null ? 0 : fetched.doubted());
  }
}
