package io.sampo.cluster.cli;

import io.sampo.actors.replica.Replica;
import io.sampo.cluster.cli.settings.Flags;
import io.sampo.cluster.cli.settings.Given;
import io.sampo.cluster.cli.settings.Layers;
import io.sampo.cluster.cli.settings.ServeSettings;
import io.sampo.cluster.kv.KvSettings;
import io.sampo.cluster.logging.Logging;
import io.sampo.cluster.membership.Role;
import io.sampo.cluster.node.Memory;
import io.sampo.cluster.node.NodeSettings;
import io.sampo.cluster.node.NodeSettings.ModelSettings;
import io.sampo.cluster.node.SampoNode;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.LoadPlan;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The life of a node as the person sees it who started it, by {@code serve} or {@code node}. */
final class NodeRun {

  private static final Duration DRAIN_LIMIT = Duration.ofSeconds(30);

  private final Surroundings surroundings;
  private final Layers layers;
  private final Instant begun;
  private final ServeReport report;

  /**
   * @param begun when the verb began
   */
  NodeRun(Surroundings surroundings, Layers layers, Instant begun) {
    this.surroundings = surroundings;
    this.layers = layers;
    this.begun = begun;
    this.report = new ServeReport(surroundings);
  }

  /** Returns when the node has stopped. */
  int run(ServeSettings asked) throws IOException, InterruptedException {
    EngineProvider engine = Engines.named(asked.engine(), layers);
    System.setProperty(Logging.FORMAT, asked.logFormat().name().toLowerCase(Locale.ROOT));
    Logging.begin();
    requireFree(asked.host(), asked.port());
    ModelShelf shelf = new ModelShelf(surroundings, asked.dataFolder());
    if (asked.cluster().has(Role.GATEWAY)) {
      serve(asked, engine, shelf);
    } else {
      runModels(asked, engine, shelf);
    }
    return 0;
  }

  private void serve(ServeSettings asked, EngineProvider engine, ModelShelf shelf)
      throws IOException, InterruptedException {
    Optional<String> model = asked.models().stream().findFirst();
    String reference = model.orElse(ModelShelf.DEFAULT);
    LocalModel local = engine.simulated() ? LocalModel.simulated(model) : shelf.obtain(reference);
    ServeSettings settings = withDraft(asked, engine, shelf);
    CompletableFuture<LoadPlan> plan = planned(engine, local, settings);
    Instant called = Instant.now();
    KvSettings kv = kv(settings);
    SampoNode node =
        SampoNode.start(nodeSettings(settings, modelSettings(asked, local), kv, Map.of(), shelf));
    LoadPlan made = tellPlan(engine, local, node, plan, settings.cluster().has(Role.ENGINE));
    if (settings.cluster().has(Role.ENGINE)) {
      report.kv(kv, made.task());
    }
    report.listening(node);
    requireJoined(node, settings);
    Replica.Report replica = firstToken(node);
    report.engine(engine, replica.capabilities());
    report.started(StartClock.ofProcess(), begun, called, node.startupTimes());
    report.ready(local, made.task(), node.address(), settings.apiKeyFile());
    untilItEnds(node);
  }

  private void runModels(ServeSettings asked, EngineProvider engine, ModelShelf shelf)
      throws IOException, InterruptedException {
    Map<String, Path> atHand = new LinkedHashMap<>();
    for (String reference : engine.simulated() ? List.<String>of() : asked.models()) {
      LocalModel local = shelf.obtain(reference);
      atHand.put(local.name(), local.file());
    }
    ServeSettings settings = withDraft(asked, engine, shelf);
    Instant called = Instant.now();
    SampoNode node = SampoNode.start(nodeSettings(settings, null, kv(settings), atHand, shelf));
    report.listening(node);
    requireJoined(node, settings);
    Replica.Report replica = firstToken(node);
    report.engine(engine, replica.capabilities());
    report.started(StartClock.ofProcess(), begun, called, node.startupTimes());
    report.ready(replica.replica().model());
    untilItEnds(node);
  }

  private ServeSettings withDraft(ServeSettings asked, EngineProvider engine, ModelShelf shelf)
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
      EngineProvider engine,
      LocalModel local,
      SampoNode node,
      CompletableFuture<LoadPlan> plan,
      boolean loadedHere) {
    LoadPlan made = orEnd(node, plan);
    report.model(local, made);
    if (loadedHere) {
      report.memory(made, engine.simulated() ? null : Memory.now());
      report.context(made);
    }
    return made;
  }

  /** One that forms a cluster of its own does so while its model loads. */
  private static void requireJoined(SampoNode node, ServeSettings settings) {
    if (!settings.cluster().join().isEmpty()) {
      orEnd(node, node.joined());
    }
  }

  private static Replica.Report firstToken(SampoNode node) {
    return orEnd(node, node.ready());
  }

  /** What is awaited; without it the node is stopped, with the reason. */
  private static <T> T orEnd(SampoNode node, CompletionStage<T> awaited) {
    try {
      return awaited.toCompletableFuture().join();
    } catch (CompletionException e) {
      node.close();
      throw new FailedException(node.removed().orElseGet(() -> reason(e)), e);
    }
  }

  private static String reason(CompletionException e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return String.valueOf(cause.getMessage());
  }

  private static void untilItEnds(SampoNode node) {
    node.terminated().toCompletableFuture().join();
    node.removed()
        .ifPresent(
            why -> {
              throw new FailedException(why);
            });
  }

  private static ModelSettings modelSettings(ServeSettings settings, LocalModel local) {
    return new ModelSettings(
        local.name(),
        settings.modelAliases(),
        local.file(),
        local.source(),
        settings.engine(),
        settings.engineSettings().forEveryMachine(),
        settings.replicas(),
        settings.adapters(),
        settings.adapterFolder());
  }

  private static KvSettings kv(ServeSettings settings) {
    return settings.cluster().has(Role.ENGINE)
        ? settings.kv().settings(Memory.now().availableBytes(), settings.dataFolder())
        : settings.kv().withoutEngine(settings.dataFolder());
  }

  /**
   * @param atHand files of models by the models' names, which go before the store's
   */
  private static NodeSettings nodeSettings(
      ServeSettings settings,
      @Nullable ModelSettings model,
      KvSettings kv,
      Map<String, Path> atHand,
      ModelShelf shelf) {
    return new NodeSettings(
            settings.host(),
            settings.port(),
            settings.cluster(),
            model,
            settings.engineSettings(),
            (name, source) ->
                atHand.containsKey(name) ? atHand.get(name) : shelf.obtain(source).file(),
            settings.dataFolder(),
            settings.debugHeaders(),
            settings.apiKeyFile(),
            settings.allowedHosts(),
            kv,
            DRAIN_LIMIT,
            settings.overrides())
        .withAdmin(settings.admin());
  }
}
