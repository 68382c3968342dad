package io.sampo.cluster.cli;

import io.sampo.actors.replica.Replica;
import io.sampo.cluster.cli.doctor.Memory;
import io.sampo.cluster.cli.settings.Flags;
import io.sampo.cluster.cli.settings.Given;
import io.sampo.cluster.cli.settings.Layers;
import io.sampo.cluster.cli.settings.ServeSettings;
import io.sampo.cluster.kv.KvSettings;
import io.sampo.cluster.logging.Logging;
import io.sampo.cluster.node.NodeSettings;
import io.sampo.cluster.node.NodeSettings.ModelSettings;
import io.sampo.cluster.node.SampoNode;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.LoadPlan;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Serves one model until it is told to stop. */
@Command(
    name = "serve",
    description = {
      "Serve a model over an OpenAI-compatible endpoint. Runs until Ctrl-C or SIGTERM, which lets"
          + " running answers end.",
      ""
    },
    customSynopsis = "sampo serve [MODEL] [FLAGS]",
    synopsisHeading = "Usage: ",
    parameterListHeading = "%n",
    optionListHeading = "%n",
    footer = {
      "",
      "A model is stories15m, a path, hf:ORG/REPO:QUANT or https://…; it is downloaded once.",
      "",
      "Each flag can also be set in the environment, as SAMPO_ and its name (SAMPO_CTX_SIZE=8K),",
      "and in the file of --config (ctx-size = 8K; model = stories15m). Flags win over the",
      "environment, which wins over the file.",
      "",
      "Examples:",
      "  sampo serve",
      "  sampo serve hf:bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M --ctx-size 8K --parallel 4",
      "  sampo serve ./model.gguf --host 0.0.0.0 --api-key-file keys.txt",
      "  sampo serve ./model.gguf --parallel 16 --inter-token-millis 100 --retain-tokens 32K",
      "  SAMPO_PORT=9000 sampo serve --config /etc/sampo.conf"
    })
final class ServeVerb implements Callable<Integer> {

  private static final Duration DRAIN_LIMIT = Duration.ofSeconds(30);

  private final Surroundings surroundings;
  private final ServeReport report;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      description = "The model to serve. Default stories15m, 15 million parameters.")
  private @Nullable String model;

  ServeVerb(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.report = new ServeReport(surroundings);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Instant begun = Instant.now();
    Layers layers = Layers.of(FlagOptions.given(spec), surroundings.environment());
    ServeSettings asked = ServeSettings.from(layers, model);
    EngineProvider engine = Engines.named(asked.engine(), layers);
    System.setProperty(Logging.FORMAT, asked.logFormat().name().toLowerCase(Locale.ROOT));
    requireFree(asked.host(), asked.port());
    ModelShelf shelf = new ModelShelf(surroundings, asked.dataFolder());
    LocalModel local =
        engine.simulated()
            ? LocalModel.simulated(asked.model())
            : shelf.obtain(asked.model().orElse(ModelShelf.DEFAULT));
    ServeSettings settings = withDraft(asked, engine, layers, shelf);
    CompletableFuture<LoadPlan> plan = planned(engine, local, settings);
    Instant called = Instant.now();
    KvSettings kv = settings.kv().settings(Memory.now().availableBytes(), settings.dataFolder());
    SampoNode node = SampoNode.start(nodeSettings(settings, local, kv));
    LoadPlan made = tellPlan(engine, local, node, plan);
    report.kv(kv, made.task());
    report.listening(node.address());
    Replica.Report replica = firstToken(node);
    report.engine(engine, replica.capabilities());
    report.started(StartClock.ofProcess(), begun, called, node.startupTimes());
    report.ready(local, made.task(), node.address(), settings.apiKeyFile());
    node.terminated().toCompletableFuture().join();
    return 0;
  }

  private static ServeSettings withDraft(
      ServeSettings asked, EngineProvider engine, Layers layers, ModelShelf shelf)
      throws IOException, InterruptedException {
    Optional<Given> draft = layers.find(Flags.DRAFT);
    if (draft.isEmpty()) {
      return asked;
    }
    if (engine.simulated()) {
      throw draft.get().refused("a simulated engine has nothing to guess; leave it out");
    }
    return asked.withDraft(shelf.obtain(draft.get().text()).file());
  }

  /** Says at once what would end the start after seconds. */
  private static void requireFree(String host, int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(host, port));
    } catch (IOException e) {
      throw new FailedException(
          "cannot listen on "
              + host
              + ":"
              + port
              + " ("
              + e.getMessage()
              + "); end what uses it or give --port N",
          e);
    }
  }

  /** Reads the model's file beside the start of the node, which takes longer. */
  private static CompletableFuture<LoadPlan> planned(
      EngineProvider engine, LocalModel local, ServeSettings settings) {
    return CompletableFuture.supplyAsync(
        () -> engine.plan(local.file(), settings.engineSettings()),
        task -> Thread.ofPlatform().name("plan").start(task));
  }

  private LoadPlan tellPlan(
      EngineProvider engine, LocalModel local, SampoNode node, CompletableFuture<LoadPlan> plan) {
    try {
      LoadPlan made = plan.join();
      report.model(local, made);
      report.memory(made, engine.simulated() ? null : Memory.now());
      report.context(made);
      return made;
    } catch (CompletionException e) {
      node.close();
      throw new FailedException(reason(e), e);
    }
  }

  private static Replica.Report firstToken(SampoNode node) {
    try {
      return node.ready().toCompletableFuture().join();
    } catch (CompletionException e) {
      node.close();
      throw new FailedException(reason(e), e);
    }
  }

  private static String reason(CompletionException e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return String.valueOf(cause.getMessage());
  }

  private static NodeSettings nodeSettings(
      ServeSettings settings, LocalModel local, KvSettings kv) {
    return new NodeSettings(
        settings.host(),
        settings.port(),
        settings.clusterHost(),
        settings.clusterPort(),
        new ModelSettings(
            local.name(),
            settings.modelAliases(),
            local.file(),
            settings.engine(),
            settings.engineSettings(),
            settings.adapters(),
            settings.adapterFolder()),
        settings.dataFolder(),
        settings.debugHeaders(),
        settings.apiKeyFile(),
        settings.allowedHosts(),
        kv,
        DRAIN_LIMIT,
        settings.overrides());
  }
}
