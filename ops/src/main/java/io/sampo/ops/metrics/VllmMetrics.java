package io.sampo.ops.metrics;

import io.sampo.actors.replica.Replica;
import io.sampo.engines.spi.EngineStats;
import io.sampo.ops.requests.Histogram;
import io.sampo.ops.requests.RequestProgress;
import io.sampo.ops.requests.RequestProgress.Phase;
import io.sampo.ops.requests.RequestStats;
import io.sampo.ops.requests.RequestStats.Finish;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * A gateway's requests under vLLM's names (its {@code vllm/v1/metrics/loggers.py}). Tokens of a
 * request are counted when it ends.
 */
final class VllmMetrics {

  private static final String MODEL = "model_name";

  /** Names of adapters in one label value; more are left out. */
  private static final int MOST_ADAPTERS = 32;

  private final NodeFigures node;
  private final Family page;
  private final Map<String, RequestStats> stats;

  VllmMetrics(NodeFigures node, Family page) {
    this.node = node;
    this.page = page;
    this.stats = node.requests();
  }

  void write() {
    if (stats.isEmpty() && node.running().isEmpty()) {
      return;
    }
    running();
    kvUsage();
    counters();
    histograms();
    adapters();
  }

  private void running() {
    page.gauge(
        "vllm:num_requests_running",
        "Requests that a replica works at.",
        family -> stats.keySet().forEach(model -> family.add(count(model, false), MODEL, model)));
    page.gauge(
        "vllm:num_requests_waiting",
        "Requests that wait for a replica.",
        family -> stats.keySet().forEach(model -> family.add(count(model, true), MODEL, model)));
  }

  private long count(String model, boolean queued) {
    return node.running().stream()
        .filter(request -> request.names().model().equals(model))
        .filter(request -> queued == (request.phase() == Phase.QUEUED))
        .count();
  }

  private void kvUsage() {
    Map<String, Double> used =
        node.replicas().stream()
            .filter(report -> report.stats() != null)
            .collect(
                Collectors.groupingBy(
                    report -> report.replica().model().name(),
                    Collectors.averagingDouble(VllmMetrics::kvShare)));
    page.gauge(
        "vllm:kv_cache_usage_perc",
        "Share of the engines' KV that running sequences hold, 0 to 1, averaged over the replicas.",
        family -> used.forEach((model, share) -> family.add(share, MODEL, model)));
  }

  private static double kvShare(Replica.Report report) {
    EngineStats engine = report.stats();
    return engine == null || engine.kvTokensTotal() == 0
        ? 0
        : (double) (engine.kvTokensUsed() - engine.kvTokensRetained()) / engine.kvTokensTotal();
  }

  private void counters() {
    count("vllm:prompt_tokens", "Tokens of prompts.", RequestStats::promptTokens);
    count("vllm:generation_tokens", "Tokens of answers.", RequestStats::generatedTokens);
    count("vllm:prefix_cache_queries", "Tokens of prompts looked for.", RequestStats::promptTokens);
    count(
        "vllm:prefix_cache_hits",
        "Those of them that needed no computing.",
        RequestStats::cachedTokens);
    page.counter(
        "vllm:request_success",
        "Answers that have ended, by how.",
        family ->
            stats.forEach(
                (model, of) -> {
                  for (Finish finish : Finish.values()) {
                    String reason = finish.name().toLowerCase(Locale.ROOT);
                    family.add(of.count(finish), MODEL, model, "finished_reason", reason);
                  }
                }));
  }

  private void count(String name, String help, ToLongFunction<RequestStats> value) {
    page.counter(
        name,
        help,
        family -> stats.forEach((model, of) -> family.add(value.applyAsLong(of), MODEL, model)));
  }

  private void histograms() {
    seconds(
        "vllm:time_to_first_token_seconds",
        "From a request's arrival to its first token.",
        of -> of.timeToFirstToken);
    seconds("vllm:inter_token_latency_seconds", "Between two tokens.", of -> of.interTokenLatency);
    seconds(
        "vllm:time_per_output_token_seconds",
        "The same under its older name.",
        of -> of.interTokenLatency);
    seconds("vllm:e2e_request_latency_seconds", "From arrival to end.", of -> of.endToEnd);
    seconds("vllm:request_queue_time_seconds", "From arrival to a replica.", of -> of.queue);
    seconds(
        "vllm:request_prefill_time_seconds", "From there to the first token.", of -> of.prefill);
    seconds("vllm:request_decode_time_seconds", "From there to the end.", of -> of.decode);
    numbers("vllm:request_prompt_tokens", "Tokens of a request's prompts.", of -> of.promptLength);
    numbers(
        "vllm:request_generation_tokens", "Tokens of a request's answers.", of -> of.answerLength);
  }

  private void seconds(String name, String help, Function<RequestStats, Histogram> histogram) {
    page.seconds(
        name,
        help,
        family -> stats.forEach((model, of) -> family.add(histogram.apply(of), MODEL, model)));
  }

  private void numbers(String name, String help, Function<RequestStats, Histogram> histogram) {
    page.numbers(
        name,
        help,
        family -> stats.forEach((model, of) -> family.add(histogram.apply(of), MODEL, model)));
  }

  /** Its value is the time, as in vLLM, so that the latest of several label sets is known. */
  private void adapters() {
    Collection<String> known = node.adapters();
    if (known.isEmpty()) {
      return;
    }
    page.gauge(
        "vllm:lora_requests_info",
        "Adapters that requests run with and wait for; the value is the time.",
        family ->
            family.add(
                System.currentTimeMillis() / 1000.0,
                "max_lora",
                "" + known.size(),
                "running_lora_adapters",
                named(false),
                "waiting_lora_adapters",
                named(true)));
  }

  private String named(boolean queued) {
    TreeSet<String> names = new TreeSet<>();
    for (RequestProgress request : node.running()) {
      String adapter = request.names().adapter();
      if (adapter != null && queued == (request.phase() == Phase.QUEUED)) {
        names.add(adapter);
      }
    }
    return names.stream().limit(MOST_ADAPTERS).collect(Collectors.joining(","));
  }
}
