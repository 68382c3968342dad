package io.sampo.cluster.cli;

import io.sampo.actors.wire.ModelId;
import io.sampo.cluster.kv.KvSettings;
import io.sampo.cluster.node.Memory;
import io.sampo.cluster.node.SampoNode;
import io.sampo.cluster.node.StartupTimes;
import io.sampo.engines.modelstore.download.Sizes;
import io.sampo.engines.modelstore.gguf.GgufSummary;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.LoadPlan;
import io.sampo.engines.spi.ModelTask;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What {@code serve} tells the person who started it. */
final class ServeReport {

  private static final int BOLD = 1;
  private static final int YELLOW = 33;

  private final Surroundings surroundings;

  ServeReport(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  void model(LocalModel model, LoadPlan plan) {
    String quantization = model.summary().map(GgufSummary::fileType).orElse("");
    line(
        "model",
        surroundings.coloured(BOLD, model.name())
            + ": "
            + plan.architecture()
            + ", "
            + Counts.text(plan.parameters())
            + " parameters"
            + (quantization.isEmpty() ? "" : ", " + quantization)
            + (model.summary().isPresent() ? ", " + model.file() : ""));
  }

  /**
   * The estimate beside what there is; a warning where it is more.
   *
   * @param memory of this machine; null where the engine only pretends to use it
   */
  void memory(LoadPlan plan, @Nullable Memory memory) {
    String parts =
        String.format(
            Locale.ROOT,
            "%s = weights %s + KV %s + compute %s",
            Sizes.text(plan.totalBytes()),
            Sizes.text(plan.weightBytes()),
            Sizes.text(plan.kvBytes()),
            Sizes.text(plan.computeBytes()));
    if (memory == null) {
      line("memory", parts + ", pretended");
      return;
    }
    line("memory", parts + "; " + Sizes.text(memory.availableBytes()) + " available");
    if (plan.totalBytes() > memory.availableBytes()) {
      warning(
          "this may not fit; ask for less with --ctx-size or --parallel, or take a smaller model");
    }
  }

  void context(LoadPlan plan) {
    boolean generates = plan.task() == ModelTask.GENERATE;
    String one = generates ? "sequence" : "request";
    line(
        "context",
        plan.contextTokens()
            + (generates ? " tokens for each of " : " tokens for each input of ")
            + plan.maxSequences()
            + " "
            + one
            + (plan.maxSequences() == 1 ? "" : "s")
            + " (trained for "
            + plan.trainedContextTokens()
            + ")");
  }

  /** What is kept of KV that leaves the engine. */
  void kv(KvSettings kept, ModelTask task) {
    if (task == ModelTask.GENERATE) {
      line(
          "kv",
          kept.hostBytes() == 0
              ? "stays in the engine (--kv-ram 0)"
              : "up to "
                  + Sizes.text(kept.hostBytes())
                  + " of main memory beside the engine"
                  + (kept.folder() == null
                      ? ""
                      : " and " + Sizes.text(kept.diskBytes()) + " of files in " + kept.folder()));
    }
  }

  /**
   * What runs the model.
   *
   * @param loaded what the replica told; null where it told nothing
   */
  void engine(EngineProvider engine, @Nullable EngineCapabilities loaded) {
    line("engine", engine.name() + (loaded == null ? "" : " on " + loaded.device()));
    if (engine.simulated()) {
      warning("this engine is simulated: its tokens are invented, no model runs");
    }
  }

  /**
   * Where the time went, from the start script to the first token.
   *
   * @param begun when the verb began
   * @param called when the node was called to start
   * @param node its own times, counted from that call
   */
  void started(StartClock clock, Instant begun, Instant called, StartupTimes node) {
    Duration java = clock.until(begun);
    Duration settings = Duration.between(begun, called);
    line(
        "started",
        String.format(
            Locale.ROOT,
            "in %.2f s: JVM %.2f, settings and model file %.2f, actor system %.2f, cluster and"
                + " endpoint %.2f, first token %.2f",
            seconds(clock.until(called).plus(node.firstToken())),
            seconds(java),
            seconds(settings),
            seconds(node.system()),
            between(node.system(), node.http()),
            between(node.http(), node.firstToken())));
  }

  private static double between(Duration earlier, Duration later) {
    return Math.max(0, seconds(later.minus(earlier)));
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }

  /** Programs read these lines. */
  void listening(SampoNode node) {
    surroundings.out().println("cluster " + node.clusterAddress());
    surroundings.out().println("listening on " + url(node.address()));
    node.adminAddress().ifPresent(at -> surroundings.out().println("admin on " + url(at)));
    node.jmxAddress().ifPresent(at -> surroundings.out().println("jmx on " + at));
  }

  /** Of a node that takes no requests. */
  void ready(ModelId model) {
    surroundings.out().println("ready; runs " + model + " for the cluster");
  }

  /** The line to try, and what not to expect. */
  void ready(
      LocalModel model, ModelTask task, InetSocketAddress address, @Nullable Path apiKeyFile) {
    String key = apiKeyFile == null ? "" : " -H \"authorization: Bearer $SAMPO_KEY\"";
    String line =
        "curl -N "
            + reachable(address)
            + question(model, task)
                .formatted(" -H 'content-type: application/json'" + key, model.name());
    surroundings.out().println("ready; try");
    surroundings.out().println("  " + surroundings.coloured(BOLD, line));
    if (task == ModelTask.GENERATE) {
      surroundings.out().println("or open " + reachable(address) + "/ in a browser");
    }
    if (task == ModelTask.GENERATE && !model.chats()) {
      surroundings
          .out()
          .println(
              model.name()
                  + " continues "
                  + (model.name().equals(ModelShelf.DEFAULT) ? "stories" : "texts")
                  + " and cannot chat; for conversations serve an instruction-tuned model.");
    }
  }

  /** Path and body, with places for headers and the model's name. */
  private static String question(LocalModel model, ModelTask task) {
    return switch (task) {
      case EMBED -> "/v1/embeddings%s -d '{\"model\": \"%s\", \"input\": \"Hello!\"}'";
      case RANK ->
          "/v1/rerank%s -d '{\"model\": \"%s\", \"query\": \"Where do pandas live?\","
              + " \"documents\": [\"In the mountains of China.\", \"Hello!\"]}'";
      case GENERATE ->
          model.chats()
              ? "/v1/chat/completions%s -d '{\"model\": \"%s\", \"stream\": true, \"messages\":"
                  + " [{\"role\": \"user\", \"content\": \"Hello!\"}]}'"
              : "/v1/completions%s -d '{\"model\": \"%s\", \"stream\": true, \"max_tokens\": 100,"
                  + " \"prompt\": \"Once upon a time\"}'";
    };
  }

  private static String url(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  /** As {@link #url}; an address that means "all of this machine's" is reached by loopback. */
  private static String reachable(InetSocketAddress address) {
    return address.getAddress().isAnyLocalAddress()
        ? "http://127.0.0.1:" + address.getPort()
        : url(address);
  }

  private void warning(String text) {
    line(surroundings.coloured(YELLOW, "warning"), text);
  }

  private void line(String name, String text) {
    surroundings.out().printf("%-9s %s%n", name, text);
  }
}
