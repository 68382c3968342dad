package io.sampo.ops.console;

import io.sampo.ops.admin.AdminApi;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The verbs that change something. Each leaves a line in the audit log of the node it went to. */
final class Changes {

  private Changes() {}

  /** What changes have in common. */
  abstract static class Changing extends Verb {

    @Option(names = "--why", defaultValue = "", description = "The reason, for the audit log.")
    String why = "";

    Changing(Context context) {
      super(context);
    }

    AdminApi.Audit audit() {
      return context.audit(why);
    }
  }

  /** What changes that destroy something have in common. */
  abstract static class Destroying extends Changing {

    @Option(names = "--dry-run", description = "Tell what would be done, and do nothing.")
    boolean dryRun;

    @Option(
        names = {"-y", "--yes"},
        description = "Do it without asking.")
    boolean yes;

    Destroying(Context context) {
      super(context);
    }

    void confirm(String what) {
      context.confirm(yes || dryRun, what);
    }
  }

  /** Ends a request. */
  @Command(name = "cancel", description = "End a request; its client gets an error.")
  static final class Cancel extends Destroying {

    @Parameters(paramLabel = "ID", description = "As 'requests' shows it.")
    String id = "";

    Cancel(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      confirm("end request " + id);
      return dryRun
          ? context.done(new AdminApi.Done(List.of("would end " + id), List.of()), json)
          : context.done(context.api().cancel(id, audit(), millis()), json);
    }
  }

  /** Shows sessions. */
  @Command(name = "show", description = "Where sessions were last.")
  static final class SessionsShow extends Verb {

    @Option(names = "--most", defaultValue = "100", description = "At most so many.")
    int most;

    @Parameters(arity = "0..1", paramLabel = "SESSION", description = "Only this one.")
    @Nullable String session;

    SessionsShow(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      AdminApi.Sessions sessions = context.api().sessions(most, millis());
      var chosen =
          sessions.sessions().stream()
              .filter(one -> session == null || one.session().equals(session))
              .toList();
      if (json) {
        context.json(new AdminApi.Sessions(sessions.total(), chosen, sessions.errors()));
      } else {
        Table table = new Table("SESSION", "MODEL", "REPLICA");
        chosen.forEach(one -> table.row(one.session(), one.model(), one.replica()));
        table.print(context.out());
        context.out().println(sessions.total() + " sessions are remembered");
      }
      return context.errors(sessions.errors());
    }
  }

  /** Moves a session. */
  @Command(name = "move", description = "Have a session go to a replica from its next request on.")
  static final class SessionsMove extends Destroying {

    @Parameters(index = "0", paramLabel = "SESSION", description = "As 'sessions show' tells.")
    String session = "";

    @Parameters(index = "1", paramLabel = "REPLICA", description = "As 'replicas' tells.")
    String replica = "";

    SessionsMove(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      confirm("move session " + session + " to " + replica);
      return context.done(
          context.api().moveSession(session, replica, dryRun, audit(), millis()), json);
    }
  }

  /** Forgets a session. */
  @Command(
      name = "evict",
      description = "Forget where a session was; its next request goes anywhere.")
  static final class SessionsEvict extends Destroying {

    @Parameters(paramLabel = "SESSION", description = "As 'sessions show' tells.")
    String session = "";

    SessionsEvict(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      confirm("forget session " + session);
      return context.done(context.api().moveSession(session, "", dryRun, audit(), millis()), json);
    }
  }

  /** Drops KV. */
  @Command(
      name = "evict",
      description = "Drop all KV that nodes keep beside their engines; prompts are computed again.")
  static final class KvEvict extends Destroying {

    @Option(names = "--node", required = true, description = "HOST:PORT of a node, or all.")
    String node = "";

    KvEvict(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      confirm("drop all KV of " + node);
      return context.done(context.api().evictKv(node, dryRun, audit(), millis()), json);
    }
  }

  /** What can be drained, as words. */
  enum Kind {
    node,
    replica,
    model
  }

  /** Drains something. */
  @Command(
      name = "drain",
      description = {
        "Have a node, a replica or a model take nothing new. What runs there may end for a while"
            + " and then goes on elsewhere; a node leaves its cluster then.",
        "'operations' tells how far it is, 'undrain' takes it back."
      },
      footer = {"", "Example: console drain node 10.0.0.7:7355 --grace 2m --why \"new kernel\""})
  static final class Drain extends Destroying {

    @Parameters(index = "0", paramLabel = "KIND", description = "${COMPLETION-CANDIDATES}")
    Kind kind = Kind.node;

    @Parameters(index = "1", paramLabel = "NAME", description = "HOST:PORT, MODEL#N or MODEL.")
    String name = "";

    @Option(
        names = "--grace",
        paramLabel = "TIME",
        description = "How long what runs may end there. Default: the nodes' setting, 30s.")
    @Nullable String grace;

    Drain(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      confirm("drain " + kind + " " + name);
      return context.done(
          context
              .api()
              .drain(
                  kind.name(),
                  name,
                  grace == null ? -1 : Figures.parseSeconds("--grace", grace),
                  dryRun,
                  audit(),
                  millis()),
          json);
    }
  }

  /** Takes a drain back. */
  @Command(name = "undrain", description = "Take a drain back; of a node until it has left.")
  static final class Undrain extends Destroying {

    @Parameters(index = "0", paramLabel = "KIND", description = "${COMPLETION-CANDIDATES}")
    Kind kind = Kind.node;

    @Parameters(index = "1", paramLabel = "NAME", description = "As it was drained.")
    String name = "";

    Undrain(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      return context.done(
          context.api().undrain(kind.name(), name, dryRun, audit(), millis()), json);
    }
  }

  /** Changes a number of replicas. */
  @Command(
      name = "scale",
      description =
          "Want at most so many replicas of a model; those too many are drained and unloaded.",
      footer = {"", "Example: console scale llama-3.2-1b 2"})
  static final class Scale extends Destroying {

    private static final String EACH = "each";

    @Parameters(index = "0", paramLabel = "MODEL", description = "As 'models' shows it.")
    String model = "";

    @Parameters(
        index = "1",
        paramLabel = "REPLICAS",
        description = "How many, or 'each' for one on each engine node.")
    String replicas = "";

    Scale(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      if (!replicas.equals(EACH) && !replicas.matches("[1-9]\\d{0,3}")) {
        throw new ConsoleException("give a number of replicas, 1 or more, or '" + EACH + "'");
      }
      int count = replicas.equals(EACH) ? 0 : Integer.parseInt(replicas);
      confirm("scale " + model + " to " + replicas);
      return context.done(context.api().scale(model, count, dryRun, audit(), millis()), json);
    }
  }

  /** Loads a model. */
  @Command(
      name = "load",
      description = {
        "Load one more model on engine nodes that have room for it; gateways serve it by its name.",
        "'desired' shows what it waits for."
      },
      footer = {"", "Example: console load hf:bartowski/Llama-3.2-1B-Instruct-GGUF --name llama"})
  static final class Load extends Destroying {

    @Parameters(
        paramLabel = "MODEL",
        description = "A reference, or a path that is the same on every node.")
    String source = "";

    @Option(names = "--name", description = "What clients call it. Default: the file's name.")
    @Nullable String name;

    @Option(
        names = "--replicas",
        defaultValue = "1",
        description = "On at most so many engine nodes; 0 for each. Default ${DEFAULT-VALUE}.")
    int replicas;

    Load(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      String called =
          name == null ? source.replaceFirst("^.*[/:]", "").replaceFirst("\\.gguf$", "") : name;
      return context.done(
          context.api().load(called, source, replicas, dryRun, audit(), millis()), json);
    }
  }

  /** Unloads a model. */
  @Command(
      name = "unload",
      description = "Unload a model that was loaded by 'load'; its replicas are drained first.")
  static final class Unload extends Destroying {

    @Parameters(paramLabel = "NAME", description = "As 'desired' shows it.")
    String name = "";

    Unload(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      confirm("unload " + name);
      return context.done(context.api().unload(name, dryRun, audit(), millis()), json);
    }
  }

  /** Levels of loggers. */
  @Command(
      name = "level",
      description = "Show or set the level of a logger; --for sets it back by itself.",
      footer = {"", "Example: console log level io.sampo.cluster debug --for 10m --why slow"})
  static final class LogLevel extends Changing {

    @Option(names = "--node", defaultValue = "", description = "HOST:PORT of a node, or all.")
    String node = "";

    @Option(
        names = "--for",
        defaultValue = "10m",
        paramLabel = "TIME",
        description = "Until it becomes what it was; 0 for good. Default ${DEFAULT-VALUE}.")
    String lasting = "";

    @Parameters(index = "0", arity = "0..1", paramLabel = "LOGGER", description = "Its name.")
    @Nullable String logger;

    @Parameters(
        index = "1",
        arity = "0..1",
        paramLabel = "LEVEL",
        description = "off, error, warn, info, debug or trace.")
    @Nullable String level;

    LogLevel(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      if (logger != null && level != null) {
        return context.done(
            context
                .api()
                .setLogLevel(
                    node, logger, level, Figures.parseSeconds("--for", lasting), audit(), millis()),
            json);
      }
      AdminApi.Levels levels = context.api().logLevels(node, millis());
      if (json) {
        context.json(levels);
      } else {
        Table table = new Table("NODE", "LOGGER", "LEVEL", "FOR");
        levels.levels().stream()
            .filter(one -> logger == null || one.logger().contains(logger))
            .forEach(
                one ->
                    table.row(
                        one.node(),
                        one.logger(),
                        one.level().toLowerCase(Locale.ROOT),
                        one.expiresInSeconds() == 0
                            ? "-"
                            : Figures.seconds(one.expiresInSeconds())));
        table.print(context.out());
      }
      return context.errors(levels.errors());
    }
  }
}
