package io.sampo.ops.admin;

import io.sampo.actors.placement.Placement;
import io.sampo.ops.admin.Question.Arguments;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.security.auth.Subject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries out what operators want by asking the nodes concerned, all at the same time. */
public final class ClusterAdmin implements AdminApi {

  /** The logger of what operators have changed: who, what, why. */
  public static final String AUDIT = "io.sampo.audit";

  private static final Logger AUDIT_LOG = LoggerFactory.getLogger(AUDIT);
  private static final int SHORTEST_MILLIS = 100;
  private static final int LONGEST_MILLIS = 60_000;
  private static final int MOST_AUDIT_CHARS = 200;
  private static final int LONGEST_GRACE_SECONDS = 86_400;
  private static final int LONGEST_NAME = 128;
  private static final int LONGEST_SOURCE = 1024;

  private final NodeRound round;
  private final EventLog events;

  /**
   * @param round reaches the nodes
   * @param events of this node, which also keeps what was changed from here
   */
  public ClusterAdmin(NodeRound round, EventLog events) {
    this.round = round;
    this.events = events;
  }

  @Override
  public Nodes nodes(int timeoutMillis) {
    var heard =
        round.ask("all", Question.NODE, Arguments.NONE, NodeView.class, checked(timeoutMillis));
    List<NodeView> nodes = heard.answers().stream().map(this::withStatus).toList();
    return new Nodes(round.leader(), nodes, heard.errors());
  }

  private NodeView withStatus(NodeView told) {
    return new NodeView(
        told.node(),
        told.roles(),
        round.status(told.node()),
        told.readiness(),
        told.version(),
        told.http(),
        told.admin(),
        told.processId(),
        told.uptimeSeconds(),
        told.heapUsedBytes(),
        told.heapMaxBytes(),
        told.residentBytes(),
        told.cpuCores(),
        told.threads(),
        told.replicas(),
        told.requests());
  }

  @Override
  public Replicas replicas(int timeoutMillis) {
    var heard =
        round.askList(
            "all", Question.REPLICAS, Arguments.NONE, ReplicaView.class, checked(timeoutMillis));
    List<ReplicaView> sorted = new ArrayList<>(heard.answers());
    sorted.sort(Comparator.comparing(ReplicaView::replica));
    return new Replicas(sorted, heard.errors());
  }

  @Override
  public Models models(int timeoutMillis) {
    var heard =
        round.askList(
            "all", Question.MODELS, Arguments.NONE, ModelView.class, checked(timeoutMillis));
    Map<String, ModelView> models = new LinkedHashMap<>();
    heard.answers().forEach(one -> models.merge(one.model(), one, ClusterAdmin::joined));
    return new Models(List.copyOf(models.values()), heard.errors());
  }

  /** The same model as two gateways tell of it. */
  private static ModelView joined(ModelView one, ModelView other) {
    List<String> gateways = new ArrayList<>(one.gateways());
    gateways.addAll(other.gateways());
    ModelView fuller = one.replicasKnown() >= other.replicasKnown() ? one : other;
    return new ModelView(
        fuller.model(),
        fuller.aliases(),
        fuller.engine(),
        fuller.task(),
        fuller.contextTokens(),
        fuller.replicas(),
        fuller.replicasKnown(),
        fuller.adapters(),
        gateways);
  }

  @Override
  public Requests requests(int most, int timeoutMillis) {
    var heard =
        round.askList(
            "all",
            Question.REQUESTS,
            Arguments.most(most),
            RequestView.class,
            checked(timeoutMillis));
    List<RequestView> oldestFirst = new ArrayList<>(heard.answers());
    oldestFirst.sort(Comparator.comparingLong(RequestView::ageMillis).reversed());
    return new Requests(oldestFirst, heard.errors());
  }

  @Override
  public Done cancel(String requestId, Audit audit, int timeoutMillis) {
    int limit = checked(timeoutMillis);
    requireText(requestId, "a request id");
    audit("cancel " + requestId, audit);
    var heard =
        round.ask("all", Question.CANCEL, new Arguments(requestId, "", 0, 0), Integer.class, limit);
    int ended = heard.answers().stream().mapToInt(Integer::intValue).sum();
    return new Done(
        List.of(ended == 0 ? "no request " + requestId + " runs" : "ended " + requestId),
        heard.errors());
  }

  @Override
  public Queues queues(int timeoutMillis) {
    var heard =
        round.askList(
            "all", Question.QUEUES, Arguments.NONE, QueueView.class, checked(timeoutMillis));
    Map<String, QueueView> queues = new LinkedHashMap<>();
    heard.answers().forEach(queue -> queues.putIfAbsent(queue.model(), queue));
    return new Queues(List.copyOf(queues.values()), heard.errors());
  }

  @Override
  public Sessions sessions(int most, int timeoutMillis) {
    var heard =
        round.askList(
            "all",
            Question.SESSIONS,
            Arguments.most(most),
            NodeDesk.RememberedSessions.class,
            checked(timeoutMillis));
    Map<String, NodeDesk.RememberedSessions> models = new LinkedHashMap<>();
    heard.answers().forEach(one -> models.putIfAbsent(one.model(), one));
    return new Sessions(
        models.values().stream().mapToInt(NodeDesk.RememberedSessions::total).sum(),
        models.values().stream().flatMap(one -> one.sessions().stream()).toList(),
        heard.errors());
  }

  @Override
  public Done moveSession(
      String session, String replica, boolean dryRun, Audit audit, int timeoutMillis) {
    int limit = checked(timeoutMillis);
    requireText(session, "a session");
    String what =
        replica.isEmpty()
            ? "forget session " + session
            : "move session " + session + " to " + replica;
    if (dryRun) {
      return new Done(List.of("would " + what), List.of());
    }
    audit(what, audit);
    // The first gateway that answers reaches the model's router; another has nothing to add.
    var heard =
        round.ask(
            round.gateway(),
            Question.MOVE_SESSION,
            new Arguments(session, replica, 0, 0),
            String.class,
            limit);
    List<String> lines =
        heard.answers().stream()
            .map(
                before ->
                    what + (before.isEmpty() ? "; it was not known" : "; it was at " + before))
            .toList();
    return new Done(lines, heard.errors());
  }

  @Override
  public Desired desired(int timeoutMillis) {
    var heard =
        round.ask("", Question.DESIRED, Arguments.NONE, Desired.class, checked(timeoutMillis));
    return heard.answers().stream()
        .findFirst()
        .orElseGet(
            () -> new Desired(0, List.of(), List.of(), List.of(), List.of(), heard.errors()));
  }

  @Override
  public Operations operations(int timeoutMillis) {
    var heard =
        round.askList(
            "", Question.OPERATIONS, Arguments.NONE, OperationView.class, checked(timeoutMillis));
    return new Operations(heard.answers(), heard.errors());
  }

  @Override
  public Done drain(
      String kind, String name, long graceSeconds, boolean dryRun, Audit audit, int timeoutMillis) {
    int limit = checked(timeoutMillis);
    requireText(name, "what is to be drained");
    if (graceSeconds > LONGEST_GRACE_SECONDS) {
      throw new IllegalArgumentException(
          "a grace time is " + LONGEST_GRACE_SECONDS + " seconds at most");
    }
    long grace = graceSeconds < 0 ? -1 : graceSeconds * 1000;
    return order(
        Question.DRAIN,
        new Arguments(name, kind, grace, 0, dryRun),
        "drain " + kind + " " + name,
        audit,
        limit);
  }

  @Override
  public Done undrain(String kind, String name, boolean dryRun, Audit audit, int timeoutMillis) {
    int limit = checked(timeoutMillis);
    requireText(name, "what is drained");
    return order(
        Question.UNDRAIN,
        new Arguments(name, kind, 0, 0, dryRun),
        "undrain " + kind + " " + name,
        audit,
        limit);
  }

  @Override
  public Done scale(String model, int replicas, boolean dryRun, Audit audit, int timeoutMillis) {
    int limit = checked(timeoutMillis);
    requireText(model, "a model");
    if (replicas < 0) {
      throw new IllegalArgumentException("a model has a number of replicas, or 0 for each node");
    }
    return order(
        Question.SCALE,
        new Arguments(model, "", replicas, 0, dryRun),
        "scale " + model + " to " + (replicas == 0 ? "each node" : replicas),
        audit,
        limit);
  }

  @Override
  public Done load(
      String model, String source, int replicas, boolean dryRun, Audit audit, int timeoutMillis) {
    int limit = checked(timeoutMillis);
    requireText(model, "the model as clients shall call it");
    requireText(source, "where the model comes from");
    if (model.length() > LONGEST_NAME || source.length() > LONGEST_SOURCE) {
      throw new IllegalArgumentException("the name or the source is too long");
    }
    // How it is loaded is what a gateway's settings say.
    return order(
        round.gateway(),
        Question.LOAD,
        new Arguments(model, source, replicas, 0, dryRun),
        "load " + model + " from " + source,
        audit,
        limit);
  }

  @Override
  public Done unload(String model, boolean dryRun, Audit audit, int timeoutMillis) {
    int limit = checked(timeoutMillis);
    requireText(model, "a model");
    return order(
        round.gateway(),
        Question.UNLOAD,
        new Arguments(model, "", 0, 0, dryRun),
        "unload " + model,
        audit,
        limit);
  }

  /** Tells the placement through this node, which any node can. */
  private Done order(
      Question question, Arguments with, String what, Audit audit, int timeoutMillis) {
    return order("", question, with, what, audit, timeoutMillis);
  }

  private Done order(
      String through,
      Question question,
      Arguments with,
      String what,
      Audit audit,
      int timeoutMillis) {
    if (!with.dryRun()) {
      audit(what, audit);
    }
    var heard = round.ask(through, question, with, Placement.Ordered.class, timeoutMillis);
    return heard.answers().stream()
        .findFirst()
        .map(told -> new Done(told.lines(), told.operation(), heard.errors()))
        .orElseGet(() -> new Done(List.of(), heard.errors()));
  }

  @Override
  public Kv kv(int timeoutMillis) {
    var heard =
        round.askList("all", Question.KV, Arguments.NONE, KvView.class, checked(timeoutMillis));
    return new Kv(heard.answers(), heard.errors());
  }

  @Override
  public Done evictKv(String node, boolean dryRun, Audit audit, int timeoutMillis) {
    int limit = checked(timeoutMillis);
    if (dryRun) {
      var heard = round.askList(node, Question.KV, Arguments.NONE, KvView.class, limit);
      return new Done(
          heard.answers().stream()
              .map(
                  kv ->
                      "would drop "
                          + kv.tiers().stream().mapToLong(TierView::bytes).sum()
                          + " bytes of KV on "
                          + kv.node())
              .toList(),
          heard.errors());
    }
    audit("evict KV on " + (node.isEmpty() ? "this node" : node), audit);
    var heard = round.ask(node, Question.EVICT_KV, Arguments.NONE, Long.class, limit);
    return new Done(
        heard.answers().stream().map(bytes -> "dropped " + bytes + " bytes of KV").toList(),
        heard.errors());
  }

  @Override
  public Events events(String node, long after, int most, int timeoutMillis) {
    var heard =
        round.askList(
            node,
            Question.EVENTS,
            new Arguments("", "", after, most),
            EventView.class,
            checked(timeoutMillis));
    List<EventView> sorted = new ArrayList<>(heard.answers());
    sorted.sort(Comparator.comparingLong(EventView::timeMillis));
    return new Events(sorted, heard.errors());
  }

  @Override
  public Settings settings(String node, int timeoutMillis) {
    var heard =
        round.askList(
            node, Question.SETTINGS, Arguments.NONE, SettingView.class, checked(timeoutMillis));
    return new Settings(heard.answers(), heard.errors());
  }

  @Override
  public Levels logLevels(String node, int timeoutMillis) {
    var heard =
        round.askList(
            node, Question.LOG_LEVELS, Arguments.NONE, LevelView.class, checked(timeoutMillis));
    return new Levels(heard.answers(), heard.errors());
  }

  @Override
  public Done setLogLevel(
      String node, String logger, String level, long seconds, Audit audit, int timeoutMillis) {
    int limit = checked(timeoutMillis);
    requireText(logger, "a logger");
    if (seconds < 0) {
      throw new IllegalArgumentException("a level lasts a number of seconds, or 0 for good");
    }
    String what =
        "set the level of "
            + logger
            + " to "
            + level
            + (seconds == 0 ? "" : " for " + seconds + " s");
    audit(what, audit);
    var heard =
        round.askList(
            node,
            Question.SET_LOG_LEVEL,
            new Arguments(logger, level, seconds, 0),
            LevelView.class,
            limit);
    return new Done(heard.answers().isEmpty() ? List.of() : List.of(what), heard.errors());
  }

  @Override
  public Threads threads(String node, int most, int timeoutMillis) {
    var heard =
        round.askList(
            node, Question.THREADS, Arguments.most(most), ThreadView.class, checked(timeoutMillis));
    return new Threads(heard.answers(), heard.errors());
  }

  private static int checked(int timeoutMillis) {
    if (timeoutMillis < SHORTEST_MILLIS || timeoutMillis > LONGEST_MILLIS) {
      throw new IllegalArgumentException(
          "a timeout is " + SHORTEST_MILLIS + " to " + LONGEST_MILLIS + " milliseconds");
    }
    return timeoutMillis;
  }

  private static void requireText(String text, String what) {
    if (text.isBlank()) {
      throw new IllegalArgumentException("name " + what);
    }
  }

  private void audit(String what, Audit audit) {
    String who = cut(principal().orElse(audit.who()));
    String why = cut(audit.why());
    AUDIT_LOG.atInfo().addKeyValue("who", who).addKeyValue("why", why).log(what);
    events.add("change", who, why.isEmpty() ? what : what + " (" + why + ")");
  }

  /** Who came in over JMX and proved it. */
  private static Optional<String> principal() {
    return Optional.ofNullable(Subject.current()).stream()
        .flatMap(subject -> subject.getPrincipals().stream())
        .map(principal -> principal.getName())
        .findFirst();
  }

  private static String cut(String text) {
    return text.length() > MOST_AUDIT_CHARS ? text.substring(0, MOST_AUDIT_CHARS) : text;
  }
}
