package io.sampo.ops.metrics;

import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.scheduler.SchedulerStats;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.engines.spi.EngineStats;
import io.sampo.kvcache.restore.RestoreStats;
import io.sampo.kvcache.store.TierStats;
import io.sampo.kvcache.transfer.FetcherStats;
import io.sampo.kvcache.transfer.ServerStats;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/** What this node, its replicas and its caches do, under Sampo's own names. */
final class SampoMetrics {

  private final NodeFigures node;
  private final Family page;

  SampoMetrics(NodeFigures node, Family page) {
    this.node = node;
    this.page = page;
  }

  void write() {
    node();
    failures();
    routing();
    replicas();
    node.kv().ifPresent(this::kv);
  }

  private void node() {
    page.gauge(
        "sampo_build_info",
        "1, with the version that runs.",
        family -> family.add(1, "version", node.version()));
    page.gauge(
        "sampo_ready",
        "1 while this node can serve.",
        family -> family.add(node.notReady().isEmpty() ? 1 : 0));
    page.gauge(
        "sampo_cluster_members", "Members of the cluster.", family -> family.add(node.members()));
    page.gauge(
        "sampo_cluster_unreachable",
        "Those of them that this node does not reach.",
        family -> family.add(node.unreachable()));
    page.gauge(
        "sampo_resident_bytes",
        "Memory of the process, with models, KV and the Java heap.",
        family -> ResidentMemory.bytes().ifPresent(bytes -> family.add(bytes)));
  }

  private void failures() {
    page.counter(
        "sampo_requests_failed",
        "Requests that failed, by error code.",
        family ->
            node.requests()
                .forEach(
                    (model, of) -> {
                      for (ErrorCode code : ErrorCode.values()) {
                        if (of.count(code) > 0) {
                          String name = code.name().toLowerCase(Locale.ROOT);
                          family.add(of.count(code), "model_name", model, "code", name);
                        }
                      }
                    }));
  }

  /** Each gateway tells what its model's router has told it, so it is one figure, told often. */
  private void routing() {
    scheduler("sampo_scheduler_waiting", "Requests that wait for a place.", s -> s.waiting());
    scheduler("sampo_scheduler_waiting_bound", "How many may.", s -> s.waitingBound());
    scheduler(
        "sampo_scheduler_oldest_wait_seconds",
        "How long the longest waiting one has waited.",
        s -> s.oldestMillis() / 1000.0);
    page.counter(
        "sampo_scheduler_refused",
        "Requests that got no place.",
        family -> node.routing().forEach(r -> family.add(r.scheduler().refused(), model(r))));
    page.counter(
        "sampo_router_decisions",
        "Places given, by why there.",
        family -> node.routing().forEach(routing -> decisions(family, routing)));
    page.gauge(
        "sampo_router_sessions",
        "Sessions whose replica is remembered.",
        family -> node.routing().forEach(r -> family.add(r.sessionCount(), model(r))));
  }

  private void scheduler(String name, String help, ToDoubleFunction<SchedulerStats> value) {
    page.gauge(
        name,
        help,
        family ->
            node.routing().forEach(r -> family.add(value.applyAsDouble(r.scheduler()), model(r))));
  }

  private static void decisions(Family.Values family, Router.Inspected routing) {
    routing
        .scheduler()
        .decisions()
        .forEach(
            of ->
                family.add(
                    of.places(), "model_name", routing.model().name(), "reason", of.reason()));
  }

  private static String[] model(Router.Inspected routing) {
    return new String[] {"model_name", routing.model().name()};
  }

  private void replicas() {
    page.gauge(
        "sampo_replica_state",
        "1 for the state a replica is in.",
        family ->
            node.ownReplicas()
                .forEach(
                    report ->
                        family.add(
                            1,
                            "model_name",
                            report.replica().model().name(),
                            "replica",
                            report.replica().toString(),
                            "state",
                            report.state().name().toLowerCase(Locale.ROOT))));
    engine(
        "sampo_replica_running_sequences",
        "Sequences in prefill or decode.",
        EngineStats::runningSequences);
    engine(
        "sampo_replica_waiting_sequences",
        "Sequences that the engine holds back.",
        EngineStats::waitingSequences);
    engine("sampo_replica_kv_tokens", "Room for tokens' KV.", EngineStats::kvTokensTotal);
    engine("sampo_replica_kv_tokens_used", "Tokens whose KV is held.", EngineStats::kvTokensUsed);
    engine(
        "sampo_replica_kv_tokens_retained",
        "Those of them that only ended sequences hold.",
        EngineStats::kvTokensRetained);
    engine(
        "sampo_replica_prefill_tokens_per_second",
        "Measured over recent steps.",
        EngineStats::prefillTokensPerSecond);
    engine(
        "sampo_replica_decode_tokens_per_second",
        "Measured over recent steps, of all sequences together.",
        EngineStats::decodeTokensPerSecond);
    total("sampo_replica_prompt_tokens", "Tokens of prompts.", EngineStats::promptTokens);
    total(
        "sampo_replica_cached_tokens",
        "Those of them that needed no computing.",
        EngineStats::cachedTokens);
    total("sampo_replica_generated_tokens", "Tokens of answers.", EngineStats::generatedTokens);
    total("sampo_replica_drafted_tokens", "Tokens guessed ahead.", EngineStats::draftedTokens);
    total(
        "sampo_replica_accepted_tokens",
        "Those of them that became part of an answer.",
        EngineStats::acceptedTokens);
    total("sampo_replica_steps", "Steps of the engine.", EngineStats::steps);
    total(
        "sampo_replica_preemptions",
        "How often a sequence gave way to a more urgent one.",
        EngineStats::preemptions);
  }

  private void engine(String name, String help, ToDoubleFunction<EngineStats> value) {
    page.gauge(name, help, family -> each(family, value));
  }

  private void total(String name, String help, ToLongFunction<EngineStats> value) {
    page.counter(name, help, family -> each(family, value::applyAsLong));
  }

  private void each(Family.Values family, ToDoubleFunction<EngineStats> value) {
    for (Replica.Report report : node.ownReplicas()) {
      EngineStats stats = report.stats();
      if (stats != null) {
        family.add(
            value.applyAsDouble(stats),
            "model_name",
            report.replica().model().name(),
            "replica",
            report.replica().toString());
      }
    }
  }

  private void kv(KvStats kv) {
    page.gauge("sampo_kv_budget_bytes", "What a tier may take.", tier(kv, TierStats::budgetBytes));
    page.gauge("sampo_kv_bytes", "What a tier takes.", tier(kv, TierStats::bytes));
    page.gauge("sampo_kv_blocks", "Blocks in a tier.", tier(kv, TierStats::blocks));
    page.counter("sampo_kv_hits", "Blocks borrowed from a tier.", tier(kv, TierStats::hits));
    page.counter("sampo_kv_evicted", "Blocks that made room.", tier(kv, TierStats::evicted));
    page.counter("sampo_kv_failed", "Blocks lost or not written.", tier(kv, TierStats::failed));
    page.counter("sampo_kv_misses", "Blocks asked for in vain.", f -> f.add(kv.store().misses()));
    page.counter(
        "sampo_kv_stored", "Blocks that came in and were new.", f -> f.add(kv.store().stored()));
    page.counter(
        "sampo_kv_published_dropped",
        "Texts whose blocks were not taken.",
        f -> f.add(kv.publisher().dropped()));
    restores(kv.restores());
    ServerStats given = kv.given();
    if (given != null) {
      page.counter("sampo_kv_given_bytes", "Given to other nodes.", f -> f.add(given.bytes()));
      page.counter("sampo_kv_given_blocks", "Given to other nodes.", f -> f.add(given.blocks()));
      page.counter(
          "sampo_kv_untrusted",
          "Connections for KV that ended before a proof, or with a wrong one.",
          f -> f.add(given.untrusted()));
    }
    FetcherStats fetched = kv.fetched();
    if (fetched != null) {
      page.counter("sampo_kv_fetched_bytes", "From other nodes.", f -> f.add(fetched.bytes()));
      page.counter(
          "sampo_kv_fetches",
          "Fetches from other nodes, by how they ended.",
          family ->
              fetched
                  .ends()
                  .forEach(
                      (end, count) ->
                          family.add(count, "end", end.name().toLowerCase(Locale.ROOT))));
    }
  }

  private void restores(RestoreStats restores) {
    page.counter(
        "sampo_kv_restores",
        "Prompts restored, by whether that was quicker than computing them.",
        family -> {
          family.add(restores.wins(), "result", "won");
          family.add(restores.losses(), "result", "lost");
        });
    page.counter(
        "sampo_kv_restore_saved_seconds",
        "By how much restoring was quicker.",
        family -> family.add(restores.winMillis() / 1000));
    page.counter(
        "sampo_kv_restore_lost_seconds",
        "By how much restoring was slower.",
        family -> family.add(restores.lossMillis() / 1000));
  }

  private static Consumer<Family.Values> tier(KvStats kv, ToLongFunction<TierStats> value) {
    return family -> {
      family.add(value.applyAsLong(kv.store().host()), "tier", "host");
      family.add(value.applyAsLong(kv.store().disk()), "tier", "disk");
    };
  }
}
