package io.sampo.cluster.kv;

import io.sampo.kvcache.transfer.FetcherStats;
import io.sampo.kvcache.transfer.ServerStats;

/**
 * What went between this node and others.
 *
 * @param given to others
 * @param fetched from others
 */
public record ExchangeFigures(ServerStats given, FetcherStats fetched) {}
