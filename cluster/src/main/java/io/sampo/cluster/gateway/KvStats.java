package io.sampo.cluster.gateway;

import io.sampo.actors.replica.KvCounters;
import io.sampo.cluster.gateway.json.JsonBytes;
import io.sampo.cluster.kv.ExchangeFigures;
import io.sampo.cluster.kv.KvFigures;
import io.sampo.kvcache.restore.RestoreStats;
import io.sampo.kvcache.store.PublisherStats;
import io.sampo.kvcache.store.StoreStats;
import io.sampo.kvcache.store.TierStats;
import io.sampo.kvcache.transfer.FetcherStats;
import io.sampo.kvcache.transfer.ServerStats;
import java.util.Locale;

/** A node's KV in {@code /stats}: its tiers, how blocks came there, what restoring them saved. */
final class KvStats {

  private KvStats() {}

  static void write(JsonBytes json, KvFigures kv) {
    StoreStats store = kv.store();
    json.name("kv").raw("{");
    write(json, "host", store.host());
    write(json.raw(","), "disk", store.disk());
    json.raw(",").name("stored_blocks").number(store.stored());
    number(json, "refused_blocks", store.refused());
    number(json, "demoted_blocks", store.demoted());
    number(json, "promoted_blocks", store.promoted());
    number(json, "misses", store.misses());
    number(json, "pins", store.pins());
    write(json, kv.publisher());
    write(json, kv.restores());
    if (kv.exchange() != null) {
      write(json, kv.exchange());
    }
    json.raw("}");
  }

  /** The store of a replica's node, wherever that is, as it was last reported. */
  static void write(JsonBytes json, KvCounters kv) {
    json.name("kv").raw("{").name("host_bytes").number(kv.hostBytes());
    number(json, "host_blocks", kv.hostBlocks());
    number(json, "host_hits", kv.hostHits());
    number(json, "host_evicted", kv.hostEvicted());
    number(json, "disk_bytes", kv.diskBytes());
    number(json, "disk_blocks", kv.diskBlocks());
    number(json, "disk_hits", kv.diskHits());
    number(json, "disk_evicted", kv.diskEvicted());
    number(json, "published_blocks", kv.published());
    number(json, "restored_blocks", kv.restored());
    number(json, "win_millis", kv.wonMillis());
    number(json, "loss_millis", kv.lostMillis());
    number(json, "declined", kv.declined());
    number(json, "given_blocks", kv.given());
    number(json, "given_bytes", kv.givenBytes());
    number(json, "fetched_blocks", kv.fetched());
    number(json, "fetched_bytes", kv.fetchedBytes());
    number(json, "doubted_fetches", kv.doubted());
    json.raw("}");
  }

  private static void write(JsonBytes json, String name, TierStats tier) {
    json.name(name).raw("{").name("budget_bytes").number(tier.budgetBytes());
    number(json, "bytes", tier.bytes());
    number(json, "blocks", tier.blocks());
    number(json, "hits", tier.hits());
    number(json, "evicted", tier.evicted());
    number(json, "failed", tier.failed());
    json.raw("}");
  }

  private static void write(JsonBytes json, PublisherStats publisher) {
    json.raw(",").name("publisher").raw("{").name("waiting").number(publisher.waiting());
    number(json, "blocks", publisher.blocks());
    number(json, "dropped", publisher.dropped());
    number(json, "failed", publisher.failed());
    json.raw("}");
  }

  private static void write(JsonBytes json, RestoreStats restores) {
    json.raw(",").name("restores").raw("{").name("restores").number(restores.restores());
    number(json, "blocks", restores.blocks());
    number(json, "wins", restores.wins());
    number(json, "win_millis", Math.round(restores.winMillis()));
    number(json, "losses", restores.losses());
    number(json, "loss_millis", Math.round(restores.lossMillis()));
    number(json, "declined", restores.declined());
    json.raw("}");
  }

  private static void write(JsonBytes json, ExchangeFigures exchange) {
    ServerStats given = exchange.given();
    json.raw(",").name("given").raw("{").name("requests").number(given.requests());
    number(json, "blocks", given.blocks());
    number(json, "bytes", given.bytes());
    number(json, "misses", given.misses());
    number(json, "untrusted", given.untrusted());
    json.raw("}");
    FetcherStats fetched = exchange.fetched();
    json.raw(",").name("fetched").raw("{").name("blocks").number(fetched.blocks());
    number(json, "bytes", fetched.bytes());
    fetched
        .ends()
        .forEach((end, count) -> number(json, end.name().toLowerCase(Locale.ROOT), count));
    json.raw("}");
  }

  private static void number(JsonBytes json, String name, long value) {
    json.raw(",").name(name).number(value);
  }
}
