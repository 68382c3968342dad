package io.sampo.ops.console;

import io.sampo.ops.admin.AdminApi;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

  /** Levels of loggers. */
  @Command(
      name = "level",
      description = "Show or set the level of a logger; --for sets it back by itself.",
      footer = {"", "Example: console log level io.sampo.cluster debug --for 10m --why slow"})
  static final class LogLevel extends Changing {

    private static final Pattern TIME = Pattern.compile("(\\d{1,6})([smh]?)");

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
            context.api().setLogLevel(node, logger, level, seconds(), audit(), millis()), json);
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

    private long seconds() {
      Matcher time = TIME.matcher(lasting);
      if (!time.matches()) {
        throw new ConsoleException("--for " + lasting + ": expected a time such as 90s, 10m or 1h");
      }
      long unit =
          switch (String.valueOf(time.group(2))) {
            case "m" -> 60;
            case "h" -> 3600;
            default -> 1;
          };
      return unit * Long.parseLong(String.valueOf(time.group(1)));
    }
  }
}
