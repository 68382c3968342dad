package io.sampo.ops.admin;

import com.sun.management.OperatingSystemMXBean;
import io.sampo.actors.agent.NodeAgent;
import io.sampo.actors.placement.Desired;
import io.sampo.actors.placement.Desired.Kind;
import io.sampo.actors.placement.Desired.Target;
import io.sampo.actors.placement.Placement;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineStats;
import io.sampo.kvcache.store.TierStats;
import io.sampo.ops.admin.AdminApi.KvView;
import io.sampo.ops.admin.AdminApi.LevelView;
import io.sampo.ops.admin.AdminApi.NodeView;
import io.sampo.ops.admin.AdminApi.OperationView;
import io.sampo.ops.admin.AdminApi.QueueView;
import io.sampo.ops.admin.AdminApi.ReplicaView;
import io.sampo.ops.admin.AdminApi.RequestView;
import io.sampo.ops.admin.AdminApi.SessionView;
import io.sampo.ops.admin.AdminApi.ThreadView;
import io.sampo.ops.admin.AdminApi.TierView;
import io.sampo.ops.admin.Question.Arguments;
import io.sampo.ops.metrics.KvStats;
import io.sampo.ops.metrics.ResidentMemory;
import io.sampo.ops.requests.RequestProgress;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Answers what other nodes ask this one in the name of an operator. */
public final class NodeDesk implements NodeAgent.Answers {

  /** Of routers that this node asks in turn; whoever asks this node waits a little longer. */
  private static final Duration ROUTER_LIMIT = Duration.ofMillis(1500);

  private static final Duration PLACEMENT_LIMIT = ROUTER_LIMIT;

  private static final int MOST_ENTRIES = 200;

  private final JsonMapper json = JsonMapper.builder().build();
  private final String name;
  private final LocalNode node;
  private final EventLog events;

  /**
   * @param name of the node, as others know it
   */
  public NodeDesk(String name, LocalNode node, EventLog events) {
    this.name = name;
    this.node = node;
    this.events = events;
  }

  @Override
  public String answer(String question, String arguments) {
    return json.writeValueAsString(answer(parse(question), parse(arguments, json)));
  }

  private static Question parse(String question) {
    for (Question known : Question.values()) {
      if (known.name().equals(question)) {
        return known;
      }
    }
    throw new IllegalArgumentException("this node's version does not know how to do that");
  }

  private static Arguments parse(String arguments, JsonMapper json) {
    return json.readValue(arguments, Arguments.class);
  }

  private Object answer(Question question, Arguments with) {
    return switch (question) {
      case NODE -> view();
      case REPLICAS -> node.ownReplicas().stream().map(this::view).toArray();
      case MODELS -> node.models();
      case REQUESTS -> requests(with.most());
      case CANCEL -> node.cancel(with.subject());
      case QUEUES -> queues();
      case SESSIONS -> sessions(with.most());
      case MOVE_SESSION -> move(with.subject(), with.value());
      case DESIRED -> view(node.described(PLACEMENT_LIMIT));
      case OPERATIONS -> operations(node.described(PLACEMENT_LIMIT));
      case DRAIN -> told(node.drain(target(with), with.number(), with.dryRun(), PLACEMENT_LIMIT));
      case UNDRAIN -> told(node.undrain(target(with), with.dryRun(), PLACEMENT_LIMIT));
      case SCALE ->
          told(
              node.scale(
                  new ModelId(with.subject()),
                  Math.toIntExact(with.number()),
                  with.dryRun(),
                  PLACEMENT_LIMIT));
      case LOAD ->
          told(
              node.load(
                  new ModelId(with.subject()),
                  with.value(),
                  Math.toIntExact(with.number()),
                  with.dryRun(),
                  PLACEMENT_LIMIT));
      case UNLOAD -> told(node.unload(new ModelId(with.subject()), with.dryRun(), PLACEMENT_LIMIT));
      case KV -> node.kv().stream().map(this::view).toList();
      case EVICT_KV -> node.evictKv();
      case EVENTS -> events.after(with.number(), bounded(with.most()));
      case SETTINGS -> node.settings();
      case LOG_LEVELS -> levels();
      case SET_LOG_LEVEL -> {
        node.setLogLevel(with.subject(), with.value(), Duration.ofSeconds(with.number()));
        yield levels();
      }
      case THREADS -> threads(with.most());
    };
  }

  private static int bounded(int most) {
    return Math.clamp(most, 1, MOST_ENTRIES);
  }

  /** This node; what its membership is, others know better. */
  public NodeView view() {
    MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    double load = system.getProcessCpuLoad();
    return new NodeView(
        name,
        node.roles(),
        "",
        node.notReady().orElse("ready"),
        node.version(),
        node.http(),
        node.admin(),
        ProcessHandle.current().pid(),
        ManagementFactory.getRuntimeMXBean().getUptime() / 1000,
        heap.getUsed(),
        heap.getMax(),
        ResidentMemory.bytes().orElse(-1),
        load < 0 ? -1 : load * system.getAvailableProcessors(),
        ManagementFactory.getThreadMXBean().getThreadCount(),
        node.ownReplicas().size(),
        node.running().size());
  }

  /** A replica on this node. */
  public ReplicaView view(Replica.Report report) {
    EngineCapabilities can = report.capabilities();
    EngineStats stats = report.stats();
    EngineStats did = stats == null ? NOTHING_DONE : stats;
    return new ReplicaView(
        report.replica().toString(),
        report.replica().model().name(),
        name,
        report.state().name().toLowerCase(Locale.ROOT),
        can == null ? "" : can.device(),
        report.running().size(),
        can == null ? 0 : can.maxSequences(),
        did.runningSequences(),
        did.waitingSequences(),
        did.kvTokensUsed(),
        did.kvTokensRetained(),
        did.kvTokensTotal(),
        did.prefillTokensPerSecond(),
        did.decodeTokensPerSecond(),
        did.promptTokens(),
        did.cachedTokens(),
        did.generatedTokens(),
        did.preemptions(),
        Objects.requireNonNullElse(report.failure(), ""));
  }

  private static final EngineStats NOTHING_DONE =
      new EngineStats(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

  private List<RequestView> requests(int most) {
    long now = System.nanoTime();
    return node.running().stream().limit(bounded(most)).map(request -> view(request, now)).toList();
  }

  private RequestView view(RequestProgress request, long now) {
    return new RequestView(
        request.names().id(),
        request.names().tenant(),
        name,
        request.names().model(),
        Objects.requireNonNullElse(request.names().adapter(), ""),
        Objects.requireNonNullElse(request.names().session(), ""),
        request.replica(),
        request.phase().name().toLowerCase(Locale.ROOT),
        request.ageMillis(now),
        request.promptTokens(),
        request.cachedTokens(),
        request.answerTokens(),
        request.timeToFirstTokenMillis(),
        request.interTokenMillis(now));
  }

  private List<QueueView> queues() {
    return node.inspect(0, ROUTER_LIMIT).stream().map(NodeDesk::view).toList();
  }

  /** How the requests of a model are routed. */
  public static QueueView view(Router.Inspected routing) {
    return new QueueView(
        routing.model().name(),
        routing.scheduler().waiting(),
        routing.scheduler().waitingBound(),
        routing.scheduler().oldestMillis(),
        routing.scheduler().refused(),
        routing.sessionCount(),
        routing.scheduler().decisions().stream()
            .map(of -> new AdminApi.DecisionView(of.reason(), of.places()))
            .toList());
  }

  /** What a model's router remembers. */
  record RememberedSessions(String model, int total, List<SessionView> sessions) {}

  private List<RememberedSessions> sessions(int most) {
    List<RememberedSessions> all = new ArrayList<>();
    for (Router.Inspected routing : node.inspect(bounded(most), ROUTER_LIMIT)) {
      String model = routing.model().name();
      List<SessionView> sessions = new ArrayList<>();
      routing
          .sessions()
          .forEach((session, replica) -> sessions.add(new SessionView(session, model, replica)));
      all.add(new RememberedSessions(model, routing.sessionCount(), sessions));
    }
    return all;
  }

  private String move(String session, String replica) {
    @Nullable ReplicaId wanted = replica.isEmpty() ? null : ReplicaId.parse(replica);
    Router.Rebound told = node.rebind(session, wanted, ROUTER_LIMIT);
    if (told.refusal() != null) {
      throw new IllegalArgumentException(told.refusal());
    }
    ReplicaId before = told.before();
    return before == null ? "" : before.toString();
  }

  private static Target target(Arguments with) {
    return switch (with.value()) {
      case "node" -> new Target(Kind.NODE, with.subject());
      case "replica" -> new Target(Kind.REPLICA, with.subject());
      case "model" -> new Target(Kind.MODEL, with.subject());
      default -> throw new IllegalArgumentException("drain a node, a replica or a model");
    };
  }

  private static Placement.Ordered told(Placement.Ordered ordered) {
    if (ordered.refusal() != null) {
      throw new IllegalArgumentException(ordered.refusal());
    }
    return ordered;
  }

  /** What is wanted of the cluster, for people. */
  private static AdminApi.Desired view(Placement.Described told) {
    Desired desired = told.desired();
    return new AdminApi.Desired(
        desired.revision(),
        desired.models().stream()
            .map(
                spec ->
                    new AdminApi.WantedModel(
                        spec.id().name(),
                        spec.engine(),
                        spec.source(),
                        spec.replicas(),
                        Math.max(0, spec.memoryBytes()),
                        told.waiting().getOrDefault(spec.id().name(), "")))
            .toList(),
        desired.drains().stream()
            .map(
                one ->
                    new AdminApi.DrainView(
                        one.target().kind().name().toLowerCase(Locale.ROOT),
                        one.target().kind() == Kind.NODE
                            ? Desired.place(one.target().name())
                            : one.target().name(),
                        one.graceMillis() / 1000,
                        one.byItself()))
            .toList(),
        desired.seats().stream()
            .filter(Desired.Seat::wanted)
            .map(
                seat ->
                    new AdminApi.SeatView(seat.replica().toString(), Desired.place(seat.node())))
            .toList(),
        told.offers().stream().map(NodeDesk::view).toList(),
        List.of());
  }

  private static AdminApi.DeviceView view(Placement.NodeOffer offer) {
    return new AdminApi.DeviceView(
        Desired.place(offer.node()),
        offer.threads(),
        offer.freeBytes(),
        offer.totalBytes(),
        offer.gpu(),
        offer.gpuBytes(),
        offer.labels().entrySet().stream()
            .map(label -> label.getKey() + "=" + label.getValue())
            .sorted()
            .toList());
  }

  private static List<OperationView> operations(Placement.Described told) {
    return operations(told.desired(), told.left());
  }

  /**
   * What was ordered.
   *
   * @param left what operations wait for still, by id
   */
  public static List<OperationView> operations(Desired desired, Map<String, String> left) {
    return desired.operations().stream()
        .map(
            one ->
                new OperationView(
                    one.id(),
                    one.what(),
                    one.progress().name().toLowerCase(Locale.ROOT),
                    one.begunMillis(),
                    one.endedMillis(),
                    left.getOrDefault(one.id(), "")))
        .toList();
  }

  private KvView view(KvStats kv) {
    long hits = kv.store().host().hits() + kv.store().disk().hits();
    long asked = hits + kv.store().misses();
    return new KvView(
        name,
        List.of(view("host", kv.store().host()), view("disk", kv.store().disk())),
        asked == 0 ? 0 : (double) hits / asked,
        kv.store().stored(),
        kv.store().misses(),
        kv.restores().wins(),
        kv.restores().losses(),
        kv.restores().winMillis(),
        kv.restores().lossMillis(),
        kv.given() == null ? 0 : kv.given().bytes(),
        kv.fetched() == null ? 0 : kv.fetched().bytes());
  }

  private static TierView view(String tier, TierStats of) {
    return new TierView(
        tier, of.budgetBytes(), of.bytes(), of.blocks(), of.hits(), of.evicted(), of.failed());
  }

  private List<LevelView> levels() {
    List<LevelView> levels = new ArrayList<>();
    node.logLevels()
        .forEach(
            (logger, level) ->
                levels.add(new LevelView(name, logger, level.getKey(), level.getValue())));
    return levels;
  }

  private List<ThreadView> threads(int most) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    List<ThreadView> views = new ArrayList<>();
    for (ThreadInfo info : threads.getThreadInfo(threads.getAllThreadIds(), 1)) {
      if (info != null) {
        StackTraceElement[] stack = info.getStackTrace();
        views.add(
            new ThreadView(
                name,
                info.getThreadName(),
                info.getThreadState().name().toLowerCase(Locale.ROOT),
                Math.max(0, threads.getThreadCpuTime(info.getThreadId()) / 1_000_000),
                stack.length == 0 ? "" : stack[0].toString()));
      }
    }
    views.sort(Comparator.comparingLong(ThreadView::cpuMillis).reversed());
    return views.subList(0, Math.min(views.size(), bounded(most)));
  }
}
