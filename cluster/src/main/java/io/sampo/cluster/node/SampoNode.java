package io.sampo.cluster.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.sampo.actors.admission.Admission;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.placement.Placement;
import io.sampo.actors.placement.PlacementSettings;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.replica.NodeKv;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.wire.ModelId;
import io.sampo.cluster.gateway.AdapterDoor;
import io.sampo.cluster.gateway.Endpoint;
import io.sampo.cluster.gateway.GatewaySettings;
import io.sampo.cluster.gateway.HttpGateway;
import io.sampo.cluster.gateway.http.ApiKeys;
import io.sampo.cluster.kv.TieredKv;
import io.sampo.cluster.logging.Logging;
import io.sampo.cluster.node.NodeSettings.ModelSettings;
import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.LoadPlan;
import io.sampo.engines.spi.ModelTask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.remote.RemoteTransportException;
import org.jspecify.annotations.Nullable;

/**
 * A running node. {@link #start} returns as soon as the endpoint is bound; the model may still be
 * loading, and {@link #ready} tells when it has produced its first token.
 *
 * <p>A stop goes through the coordinated shutdown: no new connections, running answers end within
 * their limit, the node leaves the cluster, engines are closed, the actor system ends. SIGTERM does
 * the same.
 */
public final class SampoNode implements AutoCloseable {

  private static final Duration STOP_SLACK = Duration.ofSeconds(5);
  private static final Duration BIND_LIMIT = Duration.ofSeconds(20);

  private final ActorSystem<Void> system;
  private final NodeSettings settings;
  private final NodeEngines engines;
  private final Readiness readiness = new Readiness();
  private final Stopwatch stopwatch;
  private final CompletableFuture<Replica.Report> ready;
  private @Nullable InetSocketAddress address;
  private volatile @Nullable TieredKv kv;

  private SampoNode(
      NodeSettings settings,
      NodeEngines engines,
      Stopwatch stopwatch,
      CompletableFuture<ServedModel> served) {
    this.settings = settings;
    this.engines = engines;
    this.stopwatch = stopwatch;
    this.ready =
        readiness
            .first()
            .thenCombine(served, (report, model) -> report)
            .thenCombine(readiness.restored(), (report, nothing) -> report)
            .whenComplete((report, failure) -> stopwatch.firstToken());
    this.system = system(settings);
    Logging.access(system.settings().config().getBoolean("cluster.logging.access"));
  }

  /**
   * Starts a node. Blocks until its endpoint is bound, not until its model is loaded.
   *
   * @throws IllegalArgumentException when a setting is wrong
   * @throws UncheckedIOException when an address or a port cannot be bound
   */
  public static SampoNode start(NodeSettings settings) {
    Stopwatch stopwatch = new Stopwatch();
    NodeEngines engines = new NodeEngines();
    ModelSettings model = settings.model();
    EngineProvider provider = engines.provider(model.engine());
    ModelId id = new ModelId(model.name());
    ModelSpec spec =
        new ModelSpec(
            id,
            model.engine(),
            model.file().toString(),
            model.engineSettings(),
            1,
            model.adapters());
    // After the engine's load, because the tokenizer can then use what the engine has loaded.
    CompletableFuture<ServedModel> served =
        engines.begin(spec).thenApply(loaded -> served(provider, model, loaded));
    SampoNode node;
    try {
      node = new SampoNode(settings, engines, stopwatch, served);
    } catch (RuntimeException failure) {
      engines.closeAll();
      throw failure;
    }
    try {
      node.run(spec, served);
      return node;
    } catch (RuntimeException failure) {
      node.abandon();
      throw failure;
    }
  }

  private static ActorSystem<Void> system(NodeSettings settings) {
    try {
      return ActorSystem.create(Behaviors.empty(), "sampo", config(settings));
    } catch (RemoteTransportException failure) {
      throw cannotListen(settings.clusterHost(), settings.clusterPort(), reason(failure), failure);
    }
  }

  /**
   * A model as the gateway knows it.
   *
   * @param loaded what its engine can do; where it could not be loaded the plan tells what it would
   */
  private static ServedModel served(
      EngineProvider provider, ModelSettings model, Optional<EngineCapabilities> loaded) {
    ModelTask task;
    int vectorLength;
    if (loaded.isPresent()) {
      task = loaded.get().task();
      vectorLength = loaded.get().vectorLength();
    } else {
      LoadPlan plan = provider.plan(model.file(), model.engineSettings());
      task = plan.task();
      vectorLength = plan.vectorLength();
    }
    return new ServedModel(
        new ModelId(model.name()),
        model.aliases(),
        provider.simulated(),
        Instant.now(),
        provider.openText(model.file()),
        task,
        vectorLength);
  }

  private void run(ModelSpec spec, CompletableFuture<ServedModel> served) {
    stopwatch.system();
    closeEnginesAtTheEnd();
    Cluster cluster = Cluster.get(system);
    cluster.manager().tell(Join.create(cluster.selfMember().address()));
    Wiring wiring = new Wiring(system);
    wiring.routers();
    wiring.replicas(engines, openKv());
    ActorRef<Placement.Command> placement = wiring.placement(List.of(spec));
    wiring.readiness(readiness, spec.id());
    NodeModels models =
        new NodeModels(
            spec.id().name(),
            settings.model().aliases(),
            spec.adapters().stream().map(Adapter::name).toList());
    ActorRef<Admission.Command> admission = wiring.admission(models);
    NodeAdapters adapters =
        new NodeAdapters(
            system,
            placement,
            models,
            new SavedAdapters(settings.dataFolder(), spec.id().name()),
            settings.model().adapterFolder(),
            PlacementSettings.from(system.settings().config()).adapterLimit().plus(STOP_SLACK));
    open(served, models, adapters, spec.id());
    HttpGateway gateway = bind(admission, models, adapters);
    stopwatch.http();
    address = gateway.address();
    stopAlong(gateway, admission);
  }

  /** What the node keeps of KV; it is closed after the engines. */
  private NodeKv openKv() {
    if (settings.kv().hostBytes() == 0) {
      return NodeKv.NONE;
    }
    TieredKv opened = TieredKv.open(settings.kv(), system.settings().config());
    kv = opened;
    readiness.kv(opened::figures);
    return opened;
  }

  /** Lets requests in once the model's text side is there, and all its adapters. */
  private void open(
      CompletableFuture<ServedModel> served, NodeModels models, NodeAdapters adapters, ModelId id) {
    adapters
        .restore(id, readiness.first())
        .whenComplete((nothing, failure) -> readiness.restored().complete(null));
    served
        .thenCombine(readiness.restored(), (model, nothing) -> model)
        .thenAccept(models::loaded)
        .exceptionally(
            failure -> {
              system.log().error("the model's text side cannot be opened", failure);
              return null;
            });
  }

  private HttpGateway bind(
      ActorRef<Admission.Command> admission, NodeModels models, AdapterDoor adapters) {
    Endpoint endpoint =
        new Endpoint(
            settings.host(),
            settings.port(),
            keys(settings.apiKeyFile()),
            settings.allowedHosts(),
            settings.debugHeaders(),
            Versions.all().getOrDefault("sampo", "unknown"));
    try {
      return HttpGateway.bind(
              system,
              endpoint,
              GatewaySettings.from(system.settings().config()),
              admission,
              models,
              adapters,
              readiness)
          .toCompletableFuture()
          .get(BIND_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException failure) {
      throw cannotListen(settings.host(), settings.port(), reason(failure), failure);
    } catch (TimeoutException failure) {
      String reason = "no answer within " + BIND_LIMIT;
      throw cannotListen(settings.host(), settings.port(), reason, failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while starting", interrupted);
    }
  }

  private static UncheckedIOException cannotListen(
      String host, int port, String reason, Exception failure) {
    String line = "cannot listen on " + host + ":" + port + " (" + reason + ")";
    return new UncheckedIOException(line, new IOException(line, failure));
  }

  /** What the system said; before it may stand the address once more, in brackets. */
  private static String reason(Throwable failure) {
    return failure.getCause() == null
        ? String.valueOf(failure.getMessage()).replaceFirst("^.*\\[[^ ]*] ", "")
        : reason(failure.getCause());
  }

  private static ApiKeys keys(@Nullable Path file) {
    try {
      return file == null ? ApiKeys.open() : ApiKeys.load(file);
    } catch (IOException failure) {
      throw new IllegalArgumentException("cannot read the API keys in " + file, failure);
    }
  }

  private void stopAlong(HttpGateway gateway, ActorRef<Admission.Command> admission) {
    CoordinatedShutdown shutdown = CoordinatedShutdown.get(system);
    task(
        shutdown,
        CoordinatedShutdown.PhaseServiceUnbind(),
        "refuse",
        () -> {
          readiness.drain();
          return CompletableFuture.completedFuture(Done.done());
        });
    task(
        shutdown,
        CoordinatedShutdown.PhaseServiceRequestsDone(),
        "drain",
        () ->
            gateway
                .terminate(settings.drainLimit())
                .thenCompose(
                    closed ->
                        AskPattern.ask(
                            admission,
                            replyTo -> new Admission.Drain(Duration.ZERO, replyTo),
                            STOP_SLACK,
                            system.scheduler())));
  }

  private void closeEnginesAtTheEnd() {
    task(
        CoordinatedShutdown.get(system),
        CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
        "close-engines",
        () ->
            CompletableFuture.runAsync(
                    this::closeEngines,
                    task -> Thread.ofPlatform().name("close-engines").start(task))
                .thenApply(nothing -> Done.done()));
  }

  private void closeEngines() {
    engines.closeAll();
    if (kv != null) {
      kv.close();
    }
  }

  private static void task(
      CoordinatedShutdown shutdown,
      String phase,
      String name,
      Supplier<CompletionStage<Done>> task) {
    shutdown.addTask(phase, name, task);
  }

  private static Config config(NodeSettings settings) {
    Duration drain = settings.drainLimit().plus(STOP_SLACK);
    Map<String, Object> chosen =
        Map.of(
            "pekko.remote.artery.canonical.hostname",
            settings.clusterHost(),
            "pekko.remote.artery.canonical.port",
            settings.clusterPort(),
            "pekko.cluster.roles",
            List.of(Wiring.GATEWAY, Wiring.ENGINE),
            "pekko.coordinated-shutdown.phases.service-requests-done.timeout",
            drain,
            "pekko.coordinated-shutdown.phases.before-actor-system-terminate.timeout",
            STOP_SLACK.multipliedBy(2));
    return ConfigFactory.parseString(settings.overrides())
        .withFallback(ConfigFactory.parseMap(chosen))
        .withFallback(ConfigFactory.load());
  }

  /** Where the endpoint listens, with the port that the system chose. */
  public InetSocketAddress address() {
    if (address == null) {
      throw new IllegalStateException("the endpoint is not bound");
    }
    return address;
  }

  /** The first replica that produced a token; fails when the model can never be loaded. */
  public CompletionStage<Replica.Report> ready() {
    return ready;
  }

  /** Where the time of the start went; complete once {@link #ready} is. */
  public StartupTimes startupTimes() {
    return stopwatch.times();
  }

  /** Completes when the node has stopped, for whatever reason. */
  public CompletionStage<Done> terminated() {
    return system.getWhenTerminated();
  }

  /** Stops the node as SIGTERM does, and waits for it. */
  @Override
  public void close() {
    stop(Optional.empty(), settings.drainLimit().plus(STOP_SLACK.multipliedBy(6)));
  }

  /** Ends a node that never served: there is nobody to refuse and no cluster to leave. */
  private void abandon() {
    stop(
        Optional.of(CoordinatedShutdown.PhaseBeforeActorSystemTerminate()),
        STOP_SLACK.multipliedBy(3));
  }

  private void stop(Optional<String> fromPhase, Duration limit) {
    try {
      CoordinatedShutdown.get(system)
          .run(CoordinatedShutdown.unknownReason(), fromPhase)
          .toCompletableFuture()
          .get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException failure) {
      throw new IllegalStateException("the node did not stop within " + limit, failure);
    }
  }
}
