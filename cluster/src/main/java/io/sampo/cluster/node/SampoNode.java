package io.sampo.cluster.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.placement.Placement;
import io.sampo.actors.placement.PlacementSettings;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.replica.NodeKv;
import io.sampo.actors.replica.Replica;
import io.sampo.cluster.gateway.Endpoint;
import io.sampo.cluster.gateway.GatewaySettings;
import io.sampo.cluster.gateway.HttpGateway;
import io.sampo.cluster.gateway.http.ApiKeys;
import io.sampo.cluster.kv.KvNames;
import io.sampo.cluster.kv.KvSecret;
import io.sampo.cluster.kv.KvSettings;
import io.sampo.cluster.kv.TieredKv;
import io.sampo.cluster.logging.Logging;
import io.sampo.cluster.membership.ClusterSettings;
import io.sampo.cluster.membership.ClusterTls;
import io.sampo.cluster.membership.Membership;
import io.sampo.cluster.membership.Role;
import io.sampo.cluster.membership.Seed;
import io.sampo.cluster.node.NodeSettings.ModelSettings;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.kvcache.transfer.ClusterSecret;
import io.sampo.kvcache.transfer.TransferTls;
import io.sampo.ops.requests.RunningRequests;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.remote.RemoteTransportException;
import org.jspecify.annotations.Nullable;

/**
 * A running node. {@link #start} returns as soon as the endpoint is bound; the node may still be
 * joining its cluster and a model may still be loading, which {@link #joined} and {@link #ready}
 * tell.
 *
 * <p>A stop goes through the coordinated shutdown: no new connections, running answers end within
 * their limit, replicas take nothing new and hand over what they still run, the node leaves the
 * cluster, engines are closed, the actor system ends. SIGTERM does the same.
 */
public final class SampoNode implements AutoCloseable {

  private static final Duration STOP_SLACK = Duration.ofSeconds(5);
  private static final Duration BIND_LIMIT = Duration.ofSeconds(20);

  private final ActorSystem<Void> system;
  private final NodeSettings settings;
  private final NodeEngines engines;
  private final Membership membership;
  private final Readiness readiness = new Readiness();
  private final Stopwatch stopwatch;
  private final CompletableFuture<Replica.Report> ready;
  private final ApiKeys keys;
  private @Nullable InetSocketAddress address;
  private @Nullable InetSocketAddress adminAddress;
  private @Nullable String jmxAddress;
  private volatile @Nullable TieredKv kv;

  private SampoNode(
      NodeSettings settings,
      NodeEngines engines,
      Stopwatch stopwatch,
      CompletableFuture<@Nullable ServedModel> served) {
    this.settings = settings;
    this.keys = keys(settings.apiKeyFile());
    this.engines = engines;
    this.stopwatch = stopwatch;
    this.ready =
        readiness
            .first()
            .thenCombine(served, (report, model) -> report)
            .thenCombine(readiness.restored(), (report, nothing) -> report)
            .whenComplete((report, failure) -> stopwatch.firstToken());
    this.system = system(settings);
    this.membership = new Membership(system, settings.cluster());
    Logging.access(system.settings().config().getBoolean("cluster.logging.access"));
  }

  /**
   * Starts a node. Blocks until its endpoint is bound, not until it has joined or its model is
   * loaded.
   *
   * @throws IllegalArgumentException when a setting is wrong
   * @throws UncheckedIOException when an address or a port cannot be bound
   */
  public static SampoNode start(NodeSettings settings) {
    Stopwatch stopwatch = new Stopwatch();
    NodeEngines engines = new NodeEngines(settings.engines(), settings.files());
    ModelSettings model = settings.model();
    CompletableFuture<@Nullable ServedModel> served =
        model == null
            ? CompletableFuture.completedFuture(null)
            : served(engines, model, settings.cluster()).thenApply(open -> open);
    SampoNode node;
    try {
      node = new SampoNode(settings, engines, stopwatch, served);
    } catch (RuntimeException failure) {
      engines.closeAll();
      throw failure;
    }
    try {
      node.run(model, served);
      return node;
    } catch (RuntimeException failure) {
      node.abandon();
      throw failure;
    }
  }

  /**
   * Opens the text side of the model; where it is loaded here, after its load, because the
   * tokenizer can then use what the engine has loaded.
   */
  private static CompletableFuture<ServedModel> served(
      NodeEngines engines, ModelSettings model, ClusterSettings cluster) {
    EngineProvider provider = engines.provider(model.engine());
    return cluster.has(Role.ENGINE)
        ? engines
            .begin(model.spec(), model.file())
            .thenApply(loaded -> GatewaySide.served(provider, model, loaded))
        : CompletableFuture.supplyAsync(
            () -> GatewaySide.served(provider, model, Optional.empty()),
            task -> Thread.ofPlatform().name("open-" + model.name()).start(task));
  }

  private static ActorSystem<Void> system(NodeSettings settings) {
    ClusterSettings cluster = settings.cluster();
    try {
      return ActorSystem.create(Behaviors.empty(), "sampo", config(settings));
    } catch (RemoteTransportException failure) {
      throw cannotListen(cluster.host(), cluster.port(), reason(failure), failure);
    }
  }

  private void run(@Nullable ModelSettings model, CompletableFuture<@Nullable ServedModel> served) {
    stopwatch.system();
    closeEnginesAtTheEnd();
    membership.begin();
    membership.joined().thenRun(readiness::joined);
    ClusterSecret secret = KvSecret.of(settings.kv());
    NodeKv kept = openKv(secret);
    List<ModelSpec> configured = model == null ? List.of() : List.of(model.spec());
    SavedOrders saved = new SavedOrders(model == null ? null : settings.dataFolder(), configured);
    DesiredRegister desired = new DesiredRegister(system, configured, saved);
    desired.listen(saved::keep);
    Wiring wiring = new Wiring(system, desired);
    LocalReplicas replicas = new LocalReplicas(system);
    Departure departure = new Departure(system, replicas);
    RunningRequests requests = new RunningRequests();
    NodeOperations operations =
        new NodeOperations(
            clusterAddress().toString(),
            settings,
            wiring,
            desired,
            readiness,
            replicas,
            requests,
            system);
    operations.kv(kv);
    AdminSide admin = new AdminSide(system, clusterAddress().toString(), operations);
    closeAtTheEnd(admin);
    wiring.routers();
    wiring.replicas(
        engines,
        kept,
        report -> {
          replicas.hear(report);
          admin.hear(replicas.reports());
          departure.look();
          if (model == null) {
            readiness.hear(report);
          }
        });
    if (settings.cluster().has(Role.ENGINE)) {
      wiring.offers(new NodeDevices(system.settings().config())::offer);
    }
    desired.listen(admin::hear);
    desired.listen(departure::hear);
    ActorRef<Placement.Command> placement = wiring.placement();
    HttpGateway gateway;
    Supplier<CompletionStage<Done>> drain;
    if (model == null) {
      readiness.restored().complete(null);
      gateway =
          bound(
              settings.host(),
              settings.port(),
              HttpGateway.bindHealth(system, endpoint(), gatewaySettings(), readiness));
      drain = () -> CompletableFuture.completedStage(Done.done());
      admin.watch();
    } else {
      GatewaySide side =
          new GatewaySide(
              system,
              wiring,
              placement,
              readiness,
              settings,
              model,
              served.thenApply(Objects::requireNonNull),
              requests,
              engines,
              desired,
              layout -> new KvNames(secret, layout));
      gateway = bound(settings.host(), settings.port(), side.bind(endpoint()));
      drain = side::drain;
      operations.models(side.models(), side.loadedModels());
      admin.watch(wiring, model.spec().id(), readiness::draining);
    }
    stopwatch.http();
    address = gateway.address();
    operations.http(url(gateway));
    stopAlong(gateway, drain, replicas, placement);
    openAdmin(admin, operations);
  }

  /** When the node has left, so that its end can be seen; also where it never comes to serve. */
  private void closeAtTheEnd(AdminSide admin) {
    task(
        CoordinatedShutdown.get(system),
        CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
        "close-admin",
        () -> CompletableFuture.completedFuture(admin.close()));
  }

  /** The doors for operators over the network. */
  private void openAdmin(AdminSide admin, NodeOperations operations) {
    AdminSettings wanted = settings.admin();
    if (wanted == null) {
      return;
    }
    HttpGateway listener =
        admin.listen(wanted, keys, settings.allowedHosts(), readiness, this::bound);
    adminAddress = listener.address();
    operations.admin(url(listener));
    readiness.admin(url(listener));
    if (wanted.jmx() != null) {
      jmxAddress = admin.listen(wanted.jmx(), keys);
    }
    task(
        CoordinatedShutdown.get(system),
        CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
        "close-admin-listener",
        () -> listener.terminate(Duration.ZERO));
  }

  private static String url(HttpGateway listener) {
    InetSocketAddress at = listener.address();
    return "http://" + at.getHostString() + ":" + at.getPort();
  }

  /** What the node keeps of KV; it is closed after the engines. */
  private NodeKv openKv(ClusterSecret secret) {
    KvSettings wanted = settings.kv();
    if (wanted.hostBytes() == 0 || !settings.cluster().has(Role.ENGINE)) {
      return NodeKv.NONE;
    }
    TieredKv opened = TieredKv.open(wanted, secret, system.settings().config());
    kv = opened;
    String host = wanted.host() == null ? settings.cluster().numericHost() : wanted.host();
    opened.exchange(system, new InetSocketAddress(host, wanted.port()), transferTls());
    var _ = ready.thenCombine(membership.metEngineNode(), (_, _) -> opened.warmUpExchange());
    readiness.kv(opened);
    return opened;
  }

  private @Nullable TransferTls transferTls() {
    Path folder = settings.cluster().tls();
    try {
      return folder == null ? null : ClusterTls.read(folder);
    } catch (IOException unusable) {
      throw new IllegalArgumentException(unusable.getMessage(), unusable);
    }
  }

  private GatewaySettings gatewaySettings() {
    return GatewaySettings.from(system.settings().config());
  }

  private Endpoint endpoint() {
    return new Endpoint(
        settings.host(),
        settings.port(),
        keys,
        settings.allowedHosts(),
        settings.debugHeaders(),
        version());
  }

  private static String version() {
    return Versions.all().getOrDefault("sampo", "unknown");
  }

  private HttpGateway bound(String host, int port, CompletionStage<HttpGateway> binding) {
    try {
      return binding.toCompletableFuture().get(BIND_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException failure) {
      throw cannotListen(host, port, reason(failure), failure);
    } catch (TimeoutException failure) {
      String reason = "no answer within " + BIND_LIMIT;
      throw cannotListen(host, port, reason, failure);
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

  private void stopAlong(
      HttpGateway gateway,
      Supplier<CompletionStage<Done>> drain,
      LocalReplicas replicas,
      ActorRef<Placement.Command> placement) {
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
        () -> {
          long end = System.nanoTime() + settings.drainLimit().toNanos();
          return gateway
              .terminate(settings.drainLimit())
              .thenCompose(closed -> drain.get())
              .thenCompose(done -> replicas.drain(placement, grace(end - System.nanoTime())));
        });
    task(
        shutdown,
        CoordinatedShutdown.PhaseBeforeClusterShutdown(),
        "hand-over",
        () -> replicas.leave(placement));
  }

  /** How long answers may still end here. */
  private Duration grace(long leftNanos) {
    Duration wanted = PlacementSettings.from(system.settings().config()).drainGrace();
    Duration left = Duration.ofNanos(Math.max(0, leftNanos));
    return wanted.compareTo(left) < 0 ? wanted : left;
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
    ClusterSettings cluster = settings.cluster();
    Map<String, Object> chosen = new HashMap<>();
    chosen.put("pekko.remote.artery.canonical.hostname", cluster.numericHost());
    chosen.put("pekko.remote.artery.canonical.port", cluster.port());
    chosen.put("pekko.cluster.roles", cluster.roleWords());
    chosen.put("pekko.cluster.app-version", version());
    if (cluster.tls() != null) {
      chosen.putAll(ClusterTls.config(cluster.tls()));
    }
    chosen.put(
        "pekko.coordinated-shutdown.phases.service-requests-done.timeout",
        settings.drainLimit().plus(STOP_SLACK));
    chosen.put(
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

  /** Where operators reach the node over HTTP; empty where they do not. */
  public Optional<InetSocketAddress> adminAddress() {
    return Optional.ofNullable(adminAddress);
  }

  /** Where JMX clients come in over the network; empty where they do not. */
  public Optional<String> jmxAddress() {
    return Optional.ofNullable(jmxAddress);
  }

  /** Where other nodes reach this one, with the port that the system chose. */
  public Seed clusterAddress() {
    return membership.address();
  }

  /**
   * Done when the node is a full member of its cluster; fails with a {@link
   * io.sampo.cluster.membership.JoinFailedException} when it cannot become one.
   */
  public CompletionStage<Void> joined() {
    return membership.joined();
  }

  /**
   * The first replica that produced a token, of the model that a gateway serves, or on a node that
   * only runs models; fails when the model can never be loaded here.
   */
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

  /** Why the node has stopped although nobody here stopped it, in a line. */
  public Optional<String> removed() {
    return membership.removed();
  }

  /** Stops the node as SIGTERM does, and waits for it. */
  @Override
  public void close() {
    if (!membership.isMember()) {
      abandon();
      return;
    }
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
