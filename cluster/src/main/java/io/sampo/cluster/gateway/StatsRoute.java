package io.sampo.cluster.gateway;

import io.sampo.actors.replica.KvOffer;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.standby.StandbyStats;
import io.sampo.cluster.gateway.http.Exchange;
import io.sampo.cluster.gateway.json.JsonBytes;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineStats;
import java.util.Locale;
import java.util.function.IntSupplier;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * {@code GET /stats}: what this gateway and the replicas do, for a person or a script that looks.
 * Published state, up to a few seconds old; nothing is asked for it.
 */
final class StatsRoute {

  private final NodeHealth node;
  private final IntSupplier answers;

  /**
   * @param answers how many answers this gateway is sending
   */
  StatsRoute(NodeHealth node, IntSupplier answers) {
    this.node = node;
    this.answers = answers;
  }

  HttpResponse stats() {
    JsonBytes json = new JsonBytes(512).raw("{").name("answers").number(answers.getAsInt());
    number(json, "placed_by_fallback", node.placedByFallback());
    node.admin().ifPresent(at -> json.raw(",").name("admin").string(at));
    json.raw(",").name("replicas").raw("[");
    String comma = "";
    for (Replica.Report replica : node.replicas()) {
      write(json.raw(comma), replica);
      comma = ",";
    }
    json.raw("]");
    write(json.raw(",").name("streams"), node.standby());
    node.kv().ifPresent(kv -> KvStats.write(json.raw(","), kv));
    return Exchange.json(json.raw("}").toArray());
  }

  private static void write(JsonBytes json, Replica.Report replica) {
    json.raw("{").name("id").string(replica.replica().toString());
    json.raw(",").name("state").string(replica.state().name().toLowerCase(Locale.ROOT));
    number(json, "places_taken", replica.running().size());
    EngineCapabilities capabilities = replica.capabilities();
    if (capabilities != null) {
      number(json, "places", capabilities.maxSequences());
    }
    KvOffer kv = replica.kv();
    if (kv != null) {
      number(json, "kv_block_tokens", kv.layout().blockTokens());
      number(json, "kv_block_bytes", kv.layout().blockBytes());
      KvStats.write(json.raw(","), kv.counters());
    }
    EngineStats stats = replica.stats();
    if (stats != null) {
      write(json, stats);
    }
    json.raw("}");
  }

  private static void write(JsonBytes json, EngineStats stats) {
    number(json, "running_sequences", stats.runningSequences());
    number(json, "waiting_sequences", stats.waitingSequences());
    number(json, "kv_tokens_used", stats.kvTokensUsed());
    number(json, "kv_tokens_retained", stats.kvTokensRetained());
    number(json, "kv_tokens_total", stats.kvTokensTotal());
    number(json, "prefill_tokens_per_second", Math.round(stats.prefillTokensPerSecond()));
    number(json, "decode_tokens_per_second", Math.round(stats.decodeTokensPerSecond()));
    number(json, "prompt_tokens", stats.promptTokens());
    number(json, "cached_tokens", stats.cachedTokens());
    number(json, "generated_tokens", stats.generatedTokens());
    number(json, "drafted_tokens", stats.draftedTokens());
    number(json, "accepted_tokens", stats.acceptedTokens());
    number(json, "steps", stats.steps());
    number(json, "preemptions", stats.preemptions());
  }

  private static void write(JsonBytes json, StandbyStats streams) {
    json.raw("{").name("resumable").number(streams.streams());
    number(json, "copies", streams.copies());
    number(json, "resting", streams.resting());
    number(json, "bytes", streams.bytes());
    number(json, "dropped", streams.dropped());
    number(json, "found", streams.found());
    number(json, "missed", streams.missed());
    json.raw("}");
  }

  private static void number(JsonBytes json, String name, long value) {
    json.raw(",").name(name).number(value);
  }
}
