package io.sampo.ops.admin;

import java.util.List;

/**
 * What an operator may ask of a cluster and have done to it, from any of its nodes. The console,
 * HTTP and JMX are ways to it.
 *
 * <p>Every method waits for {@code timeoutMillis} at most (100 to 60 000). What was not heard by
 * then stands among the errors, beside what was. Nodes are named by their cluster address, {@code
 * host:port}; where one is to be chosen, an empty name is the node that is asked and {@code all} is
 * every one.
 *
 * <p>Methods throw {@link IllegalArgumentException} for what makes no sense; the message is for the
 * operator.
 */
public interface AdminApi {

  /** A node that gave no answer. */
  record NodeError(String node, String reason) {}

  /**
   * Who wants a change, and why. Where the way in knows who it is, that counts and not what is
   * written here.
   */
  record Audit(String who, String why) {}

  /**
   * What came of a change.
   *
   * @param lines what was done, or would be in a dry run
   * @param operation the id of what goes on now, see {@link #operations}; empty where nothing does
   */
  record Done(List<String> lines, String operation, List<NodeError> errors) {

    /** A change that is over. */
    public Done(List<String> lines, List<NodeError> errors) {
      this(lines, "", errors);
    }
  }

  /**
   * A node.
   *
   * @param status of its membership, such as {@code Up}
   * @param readiness {@code ready}, or what keeps it from serving
   * @param http where it takes requests or answers probes
   * @param admin where operators reach it over HTTP; empty where they do not
   * @param residentBytes memory of the process; -1 where it is not known
   * @param cpuCores how many cores the process keeps busy at the moment; -1 where it is not known
   * @param requests that this gateway answers now
   */
  record NodeView(
      String node,
      List<String> roles,
      String status,
      String readiness,
      String version,
      String http,
      String admin,
      long processId,
      long uptimeSeconds,
      long heapUsedBytes,
      long heapMaxBytes,
      long residentBytes,
      double cpuCores,
      int threads,
      int replicas,
      int requests) {}

  /**
   * The members of the cluster.
   *
   * @param leader the node that leads it; empty where this node knows none
   */
  record Nodes(String leader, List<NodeView> nodes, List<NodeError> errors) {}

  /**
   * A replica, as its node tells.
   *
   * @param state ready, loading, failed or leaving
   * @param placesTaken sequences that hold a place, of {@code places}
   * @param failure why it cannot be loaded; empty where it can
   */
  record ReplicaView(
      String replica,
      String model,
      String node,
      String state,
      String device,
      int placesTaken,
      int places,
      int runningSequences,
      int waitingSequences,
      long kvTokensUsed,
      long kvTokensRetained,
      long kvTokensTotal,
      double prefillTokensPerSecond,
      double decodeTokensPerSecond,
      long promptTokens,
      long cachedTokens,
      long generatedTokens,
      long preemptions,
      String failure) {}

  record Replicas(List<ReplicaView> replicas, List<NodeError> errors) {}

  /**
   * A model that gateways serve.
   *
   * @param task generate, embed or rank
   * @param replicas that have produced a token, of {@code replicasKnown}
   */
  record ModelView(
      String model,
      List<String> aliases,
      String engine,
      String task,
      int contextTokens,
      int replicas,
      int replicasKnown,
      List<String> adapters,
      List<String> gateways) {}

  record Models(List<ModelView> models, List<NodeError> errors) {}

  /**
   * A request under way.
   *
   * @param gateway the node that answers it
   * @param phase queued, prefill or decode
   * @param timeToFirstTokenMillis -1 before the first token, as in the next
   */
  record RequestView(
      String id,
      String tenant,
      String gateway,
      String model,
      String adapter,
      String session,
      String replica,
      String phase,
      long ageMillis,
      int promptTokens,
      int cachedTokens,
      int answerTokens,
      double timeToFirstTokenMillis,
      double interTokenMillis) {}

  /** The oldest requests first. */
  record Requests(List<RequestView> requests, List<NodeError> errors) {}

  /** Places given for one reason. */
  record DecisionView(String reason, long places) {}

  /**
   * How the requests for a model are placed.
   *
   * @param waitingBound more than so many are refused
   * @param oldestMillis how long the longest waiting one has waited
   * @param sessions whose replica is remembered
   */
  record QueueView(
      String model,
      int waiting,
      int waitingBound,
      long oldestMillis,
      long refused,
      int sessions,
      List<DecisionView> decisions) {}

  record Queues(List<QueueView> queues, List<NodeError> errors) {}

  /** Where a session was last. */
  record SessionView(String session, String model, String replica) {}

  /**
   * Sessions, the ones used last.
   *
   * @param total how many are remembered
   */
  record Sessions(int total, List<SessionView> sessions, List<NodeError> errors) {}

  /** One tier of a node's KV. */
  record TierView(
      String tier,
      long budgetBytes,
      long bytes,
      long blocks,
      long hits,
      long evicted,
      long failed) {}

  /**
   * KV that a node keeps beside its engines.
   *
   * @param hitShare of all blocks that were asked for, how many were there, 0 to 1
   * @param savedMillis by how much restoring was quicker than computing, together
   * @param lostMillis by how much it was slower, where it was
   */
  record KvView(
      String node,
      List<TierView> tiers,
      double hitShare,
      long stored,
      long misses,
      long restoresWon,
      long restoresLost,
      double savedMillis,
      double lostMillis,
      long givenBytes,
      long fetchedBytes) {}

  record Kv(List<KvView> nodes, List<NodeError> errors) {}

  /**
   * Something that happened.
   *
   * @param sequence counts the events of its node, from 1
   * @param kind such as {@code member-up} or {@code replica-failed}
   * @param subject whom it happened to
   */
  record EventView(
      String node, long sequence, long timeMillis, String kind, String subject, String text) {}

  /** Events in their order; of several nodes by their time. */
  record Events(List<EventView> events, List<NodeError> errors) {}

  /**
   * A setting in force.
   *
   * @param value never a secret
   * @param origin command line, environment, file or default
   */
  record SettingView(String node, String name, String value, String origin) {}

  record Settings(List<SettingView> settings, List<NodeError> errors) {}

  /**
   * The level of a logger.
   *
   * @param expiresInSeconds when it becomes what it was; 0 for never
   */
  record LevelView(String node, String logger, String level, long expiresInSeconds) {}

  record Levels(List<LevelView> levels, List<NodeError> errors) {}

  /**
   * A thread.
   *
   * @param cpuMillis it has used so far
   * @param at the frame it is in
   */
  record ThreadView(String node, String name, String state, long cpuMillis, String at) {}

  /** Those that have used most of the processor first. */
  record Threads(List<ThreadView> threads, List<NodeError> errors) {}

  /**
   * Something that an operator has ordered and that takes its time.
   *
   * @param progress running, done or taken_back
   * @param endedMillis since 1970; 0 while it runs
   * @param left what it waits for still
   */
  record OperationView(
      String id, String what, String progress, long begunMillis, long endedMillis, String left) {}

  /** The latest last. */
  record Operations(List<OperationView> operations, List<NodeError> errors) {}

  /**
   * A model as it is wanted.
   *
   * @param replicas how many at most; 0 for one on each engine node
   * @param memoryBytes what one replica needs; 0 where nobody says
   * @param waiting why there are fewer than wanted; empty where there are not
   */
  record WantedModel(
      String model, String engine, String source, int replicas, long memoryBytes, String waiting) {}

  /**
   * What takes nothing new.
   *
   * @param kind node, replica or model
   * @param graceSeconds how long what runs may end there
   * @param stopping whether the node is being stopped, so that nobody can take it back
   */
  record DrainView(String kind, String name, long graceSeconds, boolean stopping) {}

  /** Where a replica is to be. */
  record SeatView(String replica, String node) {}

  /**
   * What an engine node has for models.
   *
   * @param freeBytes of main memory now
   * @param gpuBytes of its GPU's memory; 0 where there is none that it tells of
   * @param labels as {@code name=value}
   */
  record DeviceView(
      String node,
      int threads,
      long freeBytes,
      long totalBytes,
      String gpu,
      long gpuBytes,
      List<String> labels) {}

  /**
   * What is wanted of the cluster, and what there is for it.
   *
   * @param revision grows with each change
   */
  record Desired(
      long revision,
      List<WantedModel> models,
      List<DrainView> drains,
      List<SeatView> seats,
      List<DeviceView> devices,
      List<NodeError> errors) {}

  @Describe("The members of the cluster and how each of them is.")
  Nodes nodes(int timeoutMillis);

  @Describe("The replicas of all models, as the nodes that run them tell.")
  Replicas replicas(int timeoutMillis);

  @Describe("The models that gateways serve.")
  Models models(int timeoutMillis);

  @Describe("Requests under way, the oldest first, at most so many of each gateway.")
  Requests requests(int most, int timeoutMillis);

  @Change
  @Describe("Ends the requests of this id with an error.")
  Done cancel(String requestId, Audit audit, int timeoutMillis);

  @Describe("How many requests wait for each model, and where they were sent.")
  Queues queues(int timeoutMillis);

  @Describe("Where sessions were last, at most so many.")
  Sessions sessions(int most, int timeoutMillis);

  @Change
  @Describe("Has a session go to this replica from its next request on; an empty one forgets it.")
  Done moveSession(String session, String replica, boolean dryRun, Audit audit, int timeoutMillis);

  @Describe("What is wanted of the cluster: models, where replicas are to be, what is drained.")
  Desired desired(int timeoutMillis);

  @Describe("What operators have ordered and goes on, and what has ended lately.")
  Operations operations(int timeoutMillis);

  @Change
  @Describe(
      "Has a node, a replica or a model (the kind) take nothing new. What runs there may end for so"
          + " many seconds, -1 for the usual time, and then goes on elsewhere; a node leaves then.")
  Done drain(
      String kind, String name, long graceSeconds, boolean dryRun, Audit audit, int timeoutMillis);

  @Change
  @Describe("Takes a drain back, of a node as long as it has not left.")
  Done undrain(String kind, String name, boolean dryRun, Audit audit, int timeoutMillis);

  @Change
  @Describe(
      "Wants at most so many replicas of a model, 0 for one on each engine node. Those too many are"
          + " drained and unloaded; what has no node waits for one.")
  Done scale(String model, int replicas, boolean dryRun, Audit audit, int timeoutMillis);

  @Change
  @Describe(
      "Loads one more model, by a reference that every node can resolve, on at most so many engine"
          + " nodes (0 for each) that have room for it; gateways serve it by this name.")
  Done load(
      String model, String source, int replicas, boolean dryRun, Audit audit, int timeoutMillis);

  @Change
  @Describe("Unloads a model that was loaded so; its replicas are drained first.")
  Done unload(String model, boolean dryRun, Audit audit, int timeoutMillis);

  @Describe("What nodes keep of KV in main memory and in files, and what that has saved.")
  Kv kv(int timeoutMillis);

  @Change
  @Describe("Drops all KV that the chosen nodes keep beside their engines.")
  Done evictKv(String node, boolean dryRun, Audit audit, int timeoutMillis);

  @Describe("What happened after the event with this number, as the chosen nodes saw it.")
  Events events(String node, long after, int most, int timeoutMillis);

  @Describe("The settings in force and where each comes from.")
  Settings settings(String node, int timeoutMillis);

  @Describe("The loggers that have a level of their own.")
  Levels logLevels(String node, int timeoutMillis);

  @Change
  @Describe("Sets a logger's level, for so many seconds; 0 sets it for good.")
  Done setLogLevel(
      String node, String logger, String level, long seconds, Audit audit, int timeoutMillis);

  @Describe("The threads of the chosen nodes that have used most of the processor.")
  Threads threads(String node, int most, int timeoutMillis);
}
