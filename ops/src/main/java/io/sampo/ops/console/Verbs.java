package io.sampo.ops.console;

import java.util.ArrayList;
import java.util.List;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** All verbs of the console. */
final class Verbs {

  private Verbs() {}

  /** Verbs that belong together. */
  @Command(name = "sessions", description = "Which replica each session goes to.")
  static final class SessionVerbs {}

  @Command(name = "kv", description = "KV that nodes keep beside their engines.")
  static final class KvVerbs {}

  @Command(name = "log", description = "Levels of loggers.")
  static final class LogVerbs {}

  @Command(name = "config", description = "Settings.")
  static final class ConfigVerbs {}

  static void addTo(CommandLine console, Context context) {
    console
        .addSubcommand(new Looks.Status(context))
        .addSubcommand(new Looks.Nodes(context))
        .addSubcommand(new Looks.Models(context))
        .addSubcommand(new Looks.Replicas(context))
        .addSubcommand(new Looks.Queue(context))
        .addSubcommand(new Looks.Requests(context))
        .addSubcommand(new Changes.Cancel(context))
        .addSubcommand(new Looks.Desired(context))
        .addSubcommand(new Looks.Operations(context))
        .addSubcommand(new Changes.Drain(context))
        .addSubcommand(new Changes.Undrain(context))
        .addSubcommand(new Changes.Scale(context))
        .addSubcommand(new Changes.Load(context))
        .addSubcommand(new Changes.Unload(context))
        .addSubcommand(
            new CommandLine(new SessionVerbs())
                .addSubcommand(new Changes.SessionsShow(context))
                .addSubcommand(new Changes.SessionsMove(context))
                .addSubcommand(new Changes.SessionsEvict(context)))
        .addSubcommand(
            new CommandLine(new KvVerbs())
                .addSubcommand(new Looks.KvStats(context))
                .addSubcommand(new Changes.KvEvict(context)))
        .addSubcommand(new CommandLine(new LogVerbs()).addSubcommand(new Changes.LogLevel(context)))
        .addSubcommand(
            new CommandLine(new ConfigVerbs()).addSubcommand(new Looks.ConfigShow(context)))
        .addSubcommand(new Looks.Events(context))
        .addSubcommand(new Looks.Threads(context))
        .addSubcommand(new Top(context))
        .addSubcommand(new LocalList(context))
        .addSubcommand(new Completion(context))
        .addSubcommand(new Names(context));
  }

  /** The nodes that can be spoken to without a port. */
  @Command(name = "local", description = "The nodes on this machine, by process id.")
  static final class LocalList extends Verb {

    LocalList(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      List<LocalNodes.Found> found = LocalNodes.all();
      if (json) {
        context.json(found);
      } else {
        Table table = new Table("PID", "COMMAND");
        found.forEach(node -> table.row(node.pid(), node.command()));
        table.print(context.out());
      }
      return 0;
    }
  }

  /** Names of what there is now, for completion: one a line. */
  @Command(name = "names", hidden = true, description = "Names of what there is now, one a line.")
  static final class Names extends Verb {

    @Parameters(paramLabel = "KIND", description = "nodes, replicas, sessions or requests.")
    String kind = "";

    Names(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      all().forEach(context.out()::println);
      return 0;
    }

    private List<String> all() {
      return switch (kind) {
        case "nodes" -> context.api().nodes(millis()).nodes().stream().map(n -> n.node()).toList();
        case "replicas" ->
            context.api().replicas(millis()).replicas().stream().map(r -> r.replica()).toList();
        case "sessions" ->
            context.api().sessions(200, millis()).sessions().stream()
                .map(s -> s.session())
                .toList();
        case "requests" ->
            context.api().requests(200, millis()).requests().stream().map(r -> r.id()).toList();
        default -> throw new ConsoleException("no kind of names: " + kind);
      };
    }
  }

  /** The script that makes a shell complete words. */
  @Command(
      name = "completion",
      description = {
        "Print a script that makes a shell complete words of the console.",
        "bash and zsh: source <(ops/bin/console completion bash); fish: console completion fish |"
            + " source"
      })
  static final class Completion extends Verb {

    @Parameters(paramLabel = "SHELL", description = "bash, zsh or fish.")
    String shell = "";

    @Option(names = "--name", defaultValue = "console", description = "How the console is called.")
    String name = "";

    Completion(Context context) {
      super(context);
    }

    @Override
    public Integer call() {
      CommandLine console = Console.commandLine(context);
      switch (shell) {
        // What picocli makes for bash also serves zsh, which it asks to load bash's functions.
        case "bash", "zsh" -> context.out().print(AutoComplete.bash(name, console));
        case "fish" -> fish(console).forEach(context.out()::println);
        default -> throw new ConsoleException("no shell " + shell + "; there are bash, zsh, fish");
      }
      return 0;
    }

    private List<String> fish(CommandLine console) {
      List<String> lines = new ArrayList<>();
      lines.add("complete -c " + name + " -f");
      fish(console, "__fish_use_subcommand", lines);
      live(lines, "cancel", "requests");
      live(lines, "show move evict", "sessions");
      lines.add(
          "complete -c "
              + name
              + " -l node -xa '("
              + name
              + " names nodes --timeout 1 2>/dev/null)'");
      return lines;
    }

    private void live(List<String> lines, String verbs, String kind) {
      lines.add(
          "complete -c %1$s -n '__fish_seen_subcommand_from %2$s' -a '(%1$s names %3$s --timeout 1 2>/dev/null)'"
              .formatted(name, verbs, kind));
    }

    private void fish(CommandLine of, String when, List<String> lines) {
      of.getSubcommands()
          .forEach(
              (verb, command) -> {
                if (!command.getCommandSpec().usageMessage().hidden()) {
                  String[] told = command.getCommandSpec().usageMessage().description();
                  lines.add(
                      "complete -c %s -n '%s' -a %s -d '%s'"
                          .formatted(
                              name, when, verb, told.length == 0 ? "" : told[0].replace("'", "")));
                  fish(command, "__fish_seen_subcommand_from " + verb, lines);
                }
              });
    }
  }
}
