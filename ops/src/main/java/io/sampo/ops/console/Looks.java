package io.sampo.ops.console;

import io.sampo.ops.admin.AdminApi;
import io.sampo.ops.admin.AdminApi.KvView;
import io.sampo.ops.admin.AdminApi.ReplicaView;
import io.sampo.ops.admin.AdminApi.TierView;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The verbs that only look. */
final class Looks {

  private static final String LATEST = "100";

  private Looks() {}

  /** How each node is; the first thing to ask. */
  @Command(name = "status", description = "One line for each node and what stands out: start here.")
  static final class Status extends Verb {

    Status(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      AdminApi.Nodes nodes = context.api().nodes(millis());
      AdminApi.Replicas replicas = context.api().replicas(millis());
      AdminApi.Queues queues = context.api().queues(millis());
      if (json) {
        context.json(Map.of("nodes", nodes, "replicas", replicas, "queues", queues));
        return context.errors(nodes.errors());
      }
      Table table =
          new Table(
              "NODE",
              "ROLES",
              "STATUS",
              "READY",
              "REPLICAS",
              "REQUESTS",
              "DECODE t/s",
              "CPU",
              "MEMORY",
              "UP");
      for (AdminApi.NodeView node : nodes.nodes()) {
        double decode =
            replicas.replicas().stream()
                .filter(replica -> replica.node().equals(node.node()))
                .mapToDouble(ReplicaView::decodeTokensPerSecond)
                .sum();
        table.row(
            node.node() + (node.node().equals(nodes.leader()) ? "*" : ""),
            String.join(",", node.roles()),
            node.status(),
            node.readiness(),
            node.replicas(),
            node.requests(),
            Figures.number(decode),
            Figures.number(node.cpuCores()),
            Figures.bytes(node.residentBytes()),
            Figures.seconds(node.uptimeSeconds()));
      }
      table.print(context.out());
      for (AdminApi.QueueView queue : queues.queues()) {
        context
            .out()
            .printf(
                Locale.ROOT,
                "%s: %d waiting of %d, the longest %d ms%n",
                queue.model(),
                queue.waiting(),
                queue.waitingBound(),
                queue.oldestMillis());
      }
      return context.errors(nodes.errors());
    }
  }

  /** The nodes in full. */
  @Command(name = "nodes", description = "The nodes: addresses, process, memory, version.")
  static final class Nodes extends Verb {

    Nodes(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      AdminApi.Nodes nodes = context.api().nodes(millis());
      if (json) {
        context.json(nodes);
      } else {
        Table table =
            new Table(
                "NODE", "STATUS", "PID", "HTTP", "ADMIN", "HEAP", "OF", "MEMORY", "THREADS",
                "VERSION");
        for (AdminApi.NodeView node : nodes.nodes()) {
          table.row(
              node.node(),
              node.status(),
              node.processId(),
              node.http(),
              node.admin().isEmpty() ? "-" : node.admin(),
              Figures.bytes(node.heapUsedBytes()),
              Figures.bytes(node.heapMaxBytes()),
              Figures.bytes(node.residentBytes()),
              node.threads(),
              node.version());
        }
        table.print(context.out());
      }
      return context.errors(nodes.errors());
    }
  }

  /** The models. */
  @Command(name = "models", description = "The models that gateways serve.")
  static final class Models extends Verb {

    Models(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      AdminApi.Models models = context.api().models(millis());
      if (json) {
        context.json(models);
      } else {
        Table table =
            new Table("MODEL", "TASK", "ENGINE", "CONTEXT", "READY", "REPLICAS", "ADAPTERS");
        for (AdminApi.ModelView model : models.models()) {
          table.row(
              model.model(),
              model.task().isEmpty() ? "-" : model.task(),
              model.engine(),
              model.contextTokens(),
              model.replicas(),
              model.replicasKnown(),
              model.adapters().isEmpty() ? "-" : String.join(",", model.adapters()));
        }
        table.print(context.out());
      }
      return context.errors(models.errors());
    }
  }

  /** The replicas; where a slow node shows. */
  @Command(
      name = "replicas",
      description = "The replicas and how fast each is: a slow node shows here.")
  static final class Replicas extends Verb {

    Replicas(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      AdminApi.Replicas replicas = context.api().replicas(millis());
      if (json) {
        context.json(replicas);
      } else {
        table(replicas).print(context.out());
      }
      return context.errors(replicas.errors());
    }

    static Table table(AdminApi.Replicas replicas) {
      Table table =
          new Table(
              "REPLICA",
              "NODE",
              "STATE",
              "PLACES",
              "OF",
              "PREFILL t/s",
              "DECODE t/s",
              "KV",
              "DEVICE");
      for (ReplicaView replica : replicas.replicas()) {
        table.row(
            replica.replica(),
            replica.node(),
            replica.failure().isEmpty() ? replica.state() : "failed: " + replica.failure(),
            replica.placesTaken(),
            replica.places(),
            Figures.number(replica.prefillTokensPerSecond()),
            Figures.number(replica.decodeTokensPerSecond()),
            replica.kvTokensTotal() == 0
                ? "-"
                : 100 * replica.kvTokensUsed() / replica.kvTokensTotal() + "%",
            replica.device());
      }
      return table;
    }
  }

  /** The queues. */
  @Command(name = "queue", description = "How many requests wait, and why others went where.")
  static final class Queue extends Verb {

    Queue(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      AdminApi.Queues queues = context.api().queues(millis());
      if (json) {
        context.json(queues);
      } else {
        Table table =
            new Table("MODEL", "WAITING", "OF", "OLDEST ms", "REFUSED", "SESSIONS", "PLACED");
        for (AdminApi.QueueView queue : queues.queues()) {
          StringBuilder placed = new StringBuilder();
          queue
              .decisions()
              .forEach(
                  of -> placed.append(of.reason()).append('=').append(of.places()).append(' '));
          table.row(
              queue.model(),
              queue.waiting(),
              queue.waitingBound(),
              queue.oldestMillis(),
              queue.refused(),
              queue.sessions(),
              placed.toString().strip());
        }
        table.print(context.out());
      }
      return context.errors(queues.errors());
    }
  }

  /** The requests under way. */
  @Command(name = "requests", description = "Requests under way, the oldest first.")
  static final class Requests extends Verb {

    @Option(names = "--most", defaultValue = LATEST, description = "Of each gateway at most.")
    int most;

    Requests(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      AdminApi.Requests requests = context.api().requests(most, millis());
      if (json) {
        context.json(requests);
      } else {
        Table table =
            new Table(
                "ID", "TENANT", "GATEWAY", "MODEL", "REPLICA", "PHASE", "AGE ms", "PROMPT",
                "CACHED", "TOKENS", "TTFT ms", "ITL ms");
        for (AdminApi.RequestView request : requests.requests()) {
          table.row(
              request.id(),
              request.tenant(),
              request.gateway(),
              request.adapter().isEmpty() ? request.model() : request.adapter(),
              request.replica().isEmpty() ? "-" : request.replica(),
              request.phase(),
              request.ageMillis(),
              request.promptTokens(),
              request.cachedTokens(),
              request.answerTokens(),
              Figures.number(request.timeToFirstTokenMillis()),
              Figures.number(request.interTokenMillis()));
        }
        table.print(context.out());
      }
      return context.errors(requests.errors());
    }
  }

  /** KV beside the engines. */
  @Command(
      name = "stats",
      description = "What nodes keep of KV, how often it is found, what that saves.")
  static final class KvStats extends Verb {

    KvStats(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      AdminApi.Kv kv = context.api().kv(millis());
      if (json) {
        context.json(kv);
      } else {
        Table table =
            new Table(
                "NODE", "TIER", "USED", "OF", "BLOCKS", "HITS", "EVICTED", "FAILED", "FOUND",
                "WON s", "LOST s");
        for (KvView node : kv.nodes()) {
          for (TierView tier : node.tiers()) {
            table.row(
                node.node(),
                tier.tier(),
                Figures.bytes(tier.bytes()),
                Figures.bytes(tier.budgetBytes()),
                tier.blocks(),
                tier.hits(),
                tier.evicted(),
                tier.failed(),
                Math.round(100 * node.hitShare()) + "%",
                Figures.number(node.savedMillis() / 1000),
                Figures.number(node.lostMillis() / 1000));
          }
        }
        table.print(context.out());
      }
      return context.errors(kv.errors());
    }
  }

  /** Settings and where they come from. */
  @Command(name = "show", description = "The settings in force, and where each comes from.")
  static final class ConfigShow extends Verb {

    @Option(names = "--origin", description = "Tell where each comes from.")
    boolean origin;

    @Option(names = "--node", defaultValue = "", description = "HOST:PORT of a node, or all.")
    String node = "";

    @Parameters(arity = "0..1", paramLabel = "PART", description = "Only names with this in them.")
    String part = "";

    ConfigShow(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      AdminApi.Settings settings = context.api().settings(node, millis());
      var chosen = settings.settings().stream().filter(one -> one.name().contains(part)).toList();
      if (json) {
        context.json(new AdminApi.Settings(chosen, settings.errors()));
      } else {
        Table table = origin ? new Table("NAME", "VALUE", "ORIGIN") : new Table("NAME", "VALUE");
        chosen.forEach(
            one -> {
              if (origin) {
                table.row(one.name(), one.value(), one.origin());
              } else {
                table.row(one.name(), one.value());
              }
            });
        table.print(context.out());
      }
      return context.errors(settings.errors());
    }
  }

  /** Orders that take their time. */
  @Command(
      name = "operations",
      description = "What was ordered and goes on, what it waits for, and what has ended lately.")
  static final class Operations extends Verb {

    @Parameters(arity = "0..1", paramLabel = "ID", description = "Only this one.")
    @Nullable String id;

    Operations(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      AdminApi.Operations operations = context.api().operations(millis());
      var chosen =
          operations.operations().stream()
              .filter(one -> id == null || one.id().equals(id))
              .toList();
      if (json) {
        context.json(new AdminApi.Operations(chosen, operations.errors()));
      } else {
        Table table = new Table("ID", "WHAT", "PROGRESS", "FOR", "WAITS FOR");
        long now = System.currentTimeMillis();
        for (AdminApi.OperationView one : chosen) {
          long end = one.endedMillis() == 0 ? now : one.endedMillis();
          table.row(
              one.id(),
              one.what(),
              one.progress(),
              Figures.seconds(Math.max(0, end - one.begunMillis()) / 1000),
              one.left().isEmpty() ? "-" : one.left());
        }
        table.print(context.out());
      }
      return context.errors(operations.errors());
    }
  }

  /** What is wanted. */
  @Command(
      name = "desired",
      description = "What is wanted of the cluster: models, where replicas are to be, drains.")
  static final class Desired extends Verb {

    Desired(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      AdminApi.Desired desired = context.api().desired(millis());
      if (json) {
        context.json(desired);
        return context.errors(desired.errors());
      }
      Table models = new Table("MODEL", "ENGINE", "REPLICAS", "NEEDS", "SOURCE", "WAITING");
      desired
          .models()
          .forEach(
              one ->
                  models.row(
                      one.model(),
                      one.engine(),
                      one.replicas() == 0 ? "each node" : one.replicas(),
                      one.memoryBytes() == 0 ? "-" : Figures.bytes(one.memoryBytes()),
                      one.source(),
                      one.waiting().isEmpty() ? "-" : one.waiting()));
      models.print(context.out());
      Table seats = new Table("REPLICA", "NODE");
      desired.seats().forEach(one -> seats.row(one.replica(), one.node()));
      seats.print(context.out());
      Table devices =
          new Table("ENGINE NODE", "THREADS", "FREE", "OF", "GPU", "GPU MEMORY", "LABELS");
      desired
          .devices()
          .forEach(
              one ->
                  devices.row(
                      one.node(),
                      one.threads(),
                      Figures.bytes(one.freeBytes()),
                      Figures.bytes(one.totalBytes()),
                      one.gpu().isEmpty() ? "-" : one.gpu(),
                      one.gpuBytes() == 0 ? "-" : Figures.bytes(one.gpuBytes()),
                      one.labels().isEmpty() ? "-" : String.join(",", one.labels())));
      devices.print(context.out());
      if (!desired.drains().isEmpty()) {
        Table drains = new Table("DRAINED", "NAME", "GRACE", "BY");
        desired
            .drains()
            .forEach(
                one ->
                    drains.row(
                        one.kind(),
                        one.name(),
                        Figures.seconds(one.graceSeconds()),
                        one.stopping() ? "its own stop" : "an operator"));
        drains.print(context.out());
      }
      return context.errors(desired.errors());
    }
  }

  /** Threads. */
  @Command(name = "threads", description = "The threads that have used most of the processor.")
  static final class Threads extends Verb {

    @Option(names = "--node", defaultValue = "", description = "HOST:PORT of a node, or all.")
    String node = "";

    @Option(names = "--most", defaultValue = "20", description = "Of each node at most.")
    int most;

    Threads(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      AdminApi.Threads threads = context.api().threads(node, most, millis());
      if (json) {
        context.json(threads);
      } else {
        Table table = new Table("NODE", "THREAD", "STATE", "CPU ms", "AT");
        threads
            .threads()
            .forEach(
                one -> table.row(one.node(), one.name(), one.state(), one.cpuMillis(), one.at()));
        table.print(context.out());
      }
      return context.errors(threads.errors());
    }
  }

  /** What happened. */
  @Command(name = "events", description = "What happened around a node; --follow goes on telling.")
  static final class Events extends Verb {

    private static final long PAUSE_MILLIS = 500;

    @Option(names = "--follow", description = "Go on until Ctrl-C.")
    boolean follow;

    @Option(names = "--node", defaultValue = "", description = "HOST:PORT of a node.")
    String node = "";

    @Option(names = "--most", defaultValue = LATEST, description = "At most so many to begin with.")
    int most;

    Events(Context context) {
      super(context);
    }

    @Override
    public Integer call() throws InterruptedException {
      long last = 0;
      do {
        AdminApi.Events events = context.api().events(node, last, most, millis());
        for (AdminApi.EventView event : events.events()) {
          last = Math.max(last, event.sequence());
          show(event);
        }
        if (!events.errors().isEmpty() && !follow) {
          return context.errors(events.errors());
        }
        context.out().flush();
        if (follow) {
          Thread.sleep(PAUSE_MILLIS);
        }
      } while (follow && !context.out().checkError());
      return 0;
    }

    private void show(AdminApi.EventView event) {
      if (json) {
        context.json(event);
      } else {
        context
            .out()
            .println(
                new Table(
                        Instant.ofEpochMilli(event.timeMillis()).toString(),
                        event.kind(),
                        event.subject(),
                        event.text())
                    .lines()
                    .getFirst());
      }
    }
  }
}
