package io.sampo.cluster.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValue;
import io.sampo.actors.placement.Desired;
import io.sampo.actors.placement.Placement;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.cluster.kv.ExchangeFigures;
import io.sampo.cluster.kv.KvFigures;
import io.sampo.cluster.kv.TieredKv;
import io.sampo.cluster.logging.LogLevels;
import io.sampo.cluster.membership.Role;
import io.sampo.cluster.node.NodeSettings.ModelSettings;
import io.sampo.ops.admin.AdminApi.ModelView;
import io.sampo.ops.admin.AdminApi.SettingView;
import io.sampo.ops.admin.LocalNode;
import io.sampo.ops.metrics.KvStats;
import io.sampo.ops.requests.RequestProgress;
import io.sampo.ops.requests.RequestStats;
import io.sampo.ops.requests.RunningRequests;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.typed.Cluster;
import org.jspecify.annotations.Nullable;

/** This node as operators see it. */
final class NodeOperations implements LocalNode {

  private static final Failure CANCELLED =
      new Failure(ErrorCode.REQUEST_CANCELLED, "An operator ended this request.", null, 0);

  /** Of a model's memory, until a gateway has read its file. */
  private static final long UNREAD = -1;

  private final NodeSettings settings;
  private final Config config;
  private final String node;
  private final Cluster cluster;
  private final Wiring wiring;
  private final DesiredRegister desired;
  private final Readiness readiness;
  private final LocalReplicas replicas;
  private final RunningRequests requests;
  private final LogLevels levels = new LogLevels();
  private volatile @Nullable NodeModels models;
  private volatile @Nullable LoadedModels loaded;
  private volatile @Nullable TieredKv kv;
  private volatile List<Router.Inspected> routing = List.of();
  private volatile String http = "";
  private volatile String admin = "";

  /**
   * @param node its name among nodes
   * @param desired what is wanted of the cluster
   * @param requests that this gateway answers; none on other nodes
   */
  NodeOperations(
      String node,
      NodeSettings settings,
      Wiring wiring,
      DesiredRegister desired,
      Readiness readiness,
      LocalReplicas replicas,
      RunningRequests requests,
      ActorSystem<?> system) {
    this.node = node;
    this.settings = settings;
    this.config = system.settings().config();
    this.cluster = Cluster.get(system);
    this.wiring = wiring;
    this.desired = desired;
    this.readiness = readiness;
    this.replicas = replicas;
    this.requests = requests;
  }

  /**
   * This is a gateway.
   *
   * @param others models that operators have loaded
   */
  void models(NodeModels served, LoadedModels others) {
    models = served;
    loaded = others;
  }

  void kv(@Nullable TieredKv opened) {
    kv = opened;
  }

  void http(String address) {
    http = address;
  }

  void admin(String address) {
    admin = address;
  }

  /** What a router has told of how it places requests. */
  void hear(Router.Inspected told) {
    routing = List.of(told);
  }

  @Override
  public String version() {
    return Versions.all().getOrDefault("sampo", "unknown");
  }

  @Override
  public Optional<String> notReady() {
    return readiness.notReady();
  }

  @Override
  public Map<String, RequestStats> requests() {
    return requests.stats();
  }

  @Override
  public List<RequestProgress> running() {
    return requests.running();
  }

  @Override
  public List<Replica.Report> ownReplicas() {
    return replicas.reports();
  }

  @Override
  public List<Replica.Report> replicas() {
    return readiness.replicas();
  }

  @Override
  public Set<String> adapters() {
    NodeModels served = models;
    ModelSettings model = settings.model();
    return served == null || model == null
        ? Set.of()
        : Set.copyOf(served.adapters(new ModelId(model.name())));
  }

  @Override
  public List<Router.Inspected> routing() {
    return routing;
  }

  @Override
  public Optional<KvStats> kv() {
    return Optional.ofNullable(kv).map(TieredKv::figures).map(NodeOperations::stats);
  }

  private static KvStats stats(KvFigures kv) {
    ExchangeFigures exchange = kv.exchange();
    return new KvStats(
        kv.store(),
        kv.publisher(),
        kv.restores(),
        exchange == null ? null : exchange.given(),
        exchange == null ? null : exchange.fetched());
  }

  @Override
  public int members() {
    int count = 0;
    for (var _ : cluster.state().getMembers()) {
      count++;
    }
    return count;
  }

  @Override
  public int unreachable() {
    ClusterEvent.CurrentClusterState state = cluster.state();
    return state.getUnreachable().size();
  }

  @Override
  public String http() {
    return http;
  }

  @Override
  public String admin() {
    return admin;
  }

  @Override
  public List<String> roles() {
    return settings.cluster().roles().stream().map(Role::word).sorted().toList();
  }

  @Override
  public List<ModelView> models() {
    ModelSettings model = settings.model();
    NodeModels served = models;
    if (model == null || served == null) {
      return List.of();
    }
    List<ModelView> views = new ArrayList<>();
    views.add(view(served, model.spec(), model.aliases(), readiness.replicas()));
    LoadedModels others = loaded;
    if (others != null) {
      for (ModelSpec spec : others.all()) {
        views.add(view(served, spec, List.of(), others.replicas(spec.id())));
      }
    }
    return views;
  }

  private ModelView view(
      NodeModels served, ModelSpec spec, List<String> aliases, List<Replica.Report> known) {
    String name = spec.id().name();
    return new ModelView(
        name,
        aliases,
        spec.engine(),
        served.find(name).map(one -> one.task().name().toLowerCase(Locale.ROOT)).orElse(""),
        known.stream()
            .map(Replica.Report::capabilities)
            .mapToInt(can -> can == null ? 0 : can.contextTokens())
            .max()
            .orElse(0),
        (int) known.stream().filter(one -> one.state() == Replica.State.READY).count(),
        known.size(),
        List.copyOf(served.adapters(spec.id())),
        List.of(node));
  }

  @Override
  public int cancel(String requestId) {
    return requests.cancel(requestId, CANCELLED);
  }

  @Override
  public List<Router.Inspected> inspect(int sessions, Duration limit) {
    ModelSettings model = settings.model();
    LoadedModels others = loaded;
    if (model == null || others == null) {
      return List.of();
    }
    List<CompletionStage<Router.Inspected>> asked = new ArrayList<>();
    asked.add(wiring.inspect(new ModelId(model.name()), sessions, limit));
    others.all().forEach(spec -> asked.add(wiring.inspect(spec.id(), sessions, limit)));
    return asked.stream().map(NodeOperations::<Router.Inspected>heard).toList();
  }

  @Override
  public Router.Rebound rebind(String session, @Nullable ReplicaId replica, Duration limit) {
    ModelSettings model = settings.model();
    if (model == null) {
      throw new IllegalArgumentException("this node is no gateway and knows no sessions");
    }
    return heard(wiring.rebind(new ModelId(model.name()), session, replica, limit));
  }

  private static <T> T heard(CompletionStage<T> answer) {
    return heard(answer, "the model's router does not answer");
  }

  private static <T> T heard(CompletionStage<T> answer, String otherwise) {
    try {
      return answer.toCompletableFuture().join();
    } catch (CompletionException failed) {
      throw new IllegalArgumentException(otherwise, failed);
    }
  }

  @Override
  public Optional<Desired> desired() {
    return desired.latest();
  }

  @Override
  public Placement.Described described(Duration limit) {
    return placed(wiring.askPlacement(Placement.Describe::new, limit));
  }

  @Override
  public Placement.Ordered drain(
      Desired.Target target, long graceMillis, boolean dryRun, Duration limit) {
    return placed(
        wiring.askPlacement(
            replyTo -> new Placement.Drain(target, graceMillis, dryRun, replyTo), limit));
  }

  @Override
  public Placement.Ordered undrain(Desired.Target target, boolean dryRun, Duration limit) {
    return placed(
        wiring.askPlacement(replyTo -> new Placement.Undrain(target, dryRun, replyTo), limit));
  }

  @Override
  public Placement.Ordered scale(ModelId model, int count, boolean dryRun, Duration limit) {
    return placed(
        wiring.askPlacement(replyTo -> new Placement.Scale(model, count, dryRun, replyTo), limit));
  }

  @Override
  public Placement.Ordered load(
      ModelId wanted, String source, int count, boolean dryRun, Duration limit) {
    ModelSettings own = settings.model();
    NodeModels served = models;
    if (own == null || served == null) {
      throw new IllegalArgumentException("this node is no gateway and loads no models");
    } else if (served.known(wanted.name())) {
      throw new IllegalArgumentException(
          "'" + wanted.name() + "' is a name of this cluster's own model, or of its adapters");
    }
    ModelSpec spec =
        new ModelSpec(wanted, own.engine(), source, own.engineSettings(), count, List.of(), UNREAD);
    return placed(
        wiring.askPlacement(replyTo -> new Placement.LoadModel(spec, dryRun, replyTo), limit));
  }

  @Override
  public Placement.Ordered unload(ModelId wanted, boolean dryRun, Duration limit) {
    ModelSettings own = settings.model();
    if (own != null && own.name().equals(wanted.name())) {
      throw new IllegalArgumentException(
          wanted.name() + " is the model of the gateways' settings; drain it, or scale it");
    }
    return placed(
        wiring.askPlacement(replyTo -> new Placement.UnloadModel(wanted, dryRun, replyTo), limit));
  }

  private static <T> T placed(CompletionStage<T> answer) {
    return heard(answer, "the cluster's placement does not answer; is there a gateway?");
  }

  @Override
  public long evictKv() {
    TieredKv opened = kv;
    return opened == null ? 0 : opened.clear();
  }

  @Override
  public List<SettingView> settings() {
    List<SettingView> views = new ArrayList<>();
    AdminSettings asked = settings.admin();
    if (asked != null) {
      asked
          .given()
          .forEach(one -> views.add(new SettingView(node, one.name(), one.value(), one.origin())));
    }
    Map<String, ConfigValue> keys = new TreeMap<>();
    for (String room : List.of("actors", "cluster")) {
      config
          .getConfig(room)
          .entrySet()
          .forEach(entry -> keys.put(room + "." + entry.getKey(), entry.getValue()));
    }
    keys.forEach(
        (key, value) ->
            views.add(new SettingView(node, key, value.unwrapped().toString(), origin(value))));
    return views;
  }

  /** The file's name without its folders, which are nobody's business. */
  private static String origin(ConfigValue value) {
    String told = value.origin().description();
    return told.contains("reference.conf") ? "default" : told.replaceFirst("^.*[/!]", "");
  }

  @Override
  public Map<String, Map.Entry<String, Long>> logLevels() {
    Map<String, Map.Entry<String, Long>> all = new TreeMap<>();
    levels
        .all()
        .forEach((logger, set) -> all.put(logger, Map.entry(set.level(), set.expiresInSeconds())));
    return all;
  }

  @Override
  public void setLogLevel(String logger, String level, Duration lasting) {
    levels.set(logger, level, lasting);
  }
}
