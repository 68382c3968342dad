package io.sampo.ops.console;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.reflect.UndeclaredThrowableException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The operators' command line: chooses the verb; without one it is a shell. */
@Command(
    name = "console",
    description = {
      "Looks at a Sampo cluster and changes it, from any of its nodes. Without a verb: a shell.",
      ""
    },
    synopsisHeading = "Usage: ",
    customSynopsis = "console [--pid PID | --host HOST:PORT] [VERB]",
    commandListHeading = "%nVerbs:%n",
    footer = {
      "",
      "Nodes of this machine need neither port nor key: 'console local' lists them. Others are",
      "reached with --host where they were started with --jmx-port.",
      "",
      "  console status                        how every node is",
      "  console replicas                      how fast each replica is",
      "  console top                           the same, refreshing",
      "  console events --follow               what happens, while it happens",
      "  console kv evict --node all --dry-run what would be dropped",
      "",
      "Exit codes: 0 done, 1 failed or a node gave no answer, 2 asked wrongly."
    })
public final class Console implements Callable<Integer> {

  private static final int FAILED = 1;
  private static final int USAGE = 2;

  @Mixin private final Target target;
  private final Context context;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help and end.")
  boolean help;

  private Console(Context context) {
    this.context = context;
    this.target = context.target();
  }

  public static void main(String[] words) {
    PrintStream out = utf8(FileDescriptor.out);
    PrintStream err = utf8(FileDescriptor.err);
    boolean person =
        Boolean.getBoolean("sampo.terminal.in") && Boolean.getBoolean("sampo.terminal.out");
    System.exit(run(System.in, out, err, person, words));
  }

  private static PrintStream utf8(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }

  /**
   * Runs one verb, or a shell.
   *
   * @param person whether somebody sits at a terminal
   * @return the exit code
   */
  public static int run(
      InputStream in, PrintStream out, PrintStream err, boolean person, String... words) {
    try (Target target = new Target()) {
      return commandLine(new Context(target, in, out, err, person)).execute(words);
    }
  }

  static CommandLine commandLine(Context context) {
    CommandLine console = new CommandLine(new Console(context));
    Verbs.addTo(console, context);
    console.addSubcommand(new CommandLine.HelpCommand());
    return console
        .setOut(new PrintWriter(context.out(), true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(context.err(), true, StandardCharsets.UTF_8))
        .setUsageHelpWidth(100)
        .setParameterExceptionHandler(
            (wrong, _) -> {
              context.err().println("console: " + firstLine(wrong) + "; see 'console --help'");
              return USAGE;
            })
        .setExecutionExceptionHandler((failed, _, _) -> failed(context, failed));
  }

  private static int failed(Context context, Exception failed) {
    Throwable cause =
        failed instanceof UndeclaredThrowableException && failed.getCause() != null
            ? failed.getCause()
            : failed;
    String line =
        switch (cause) {
          case ConsoleException known -> firstLine(known);
          case IllegalArgumentException refused -> firstLine(refused);
          case SecurityException refused -> "this key may not do that (" + firstLine(refused) + ")";
          case IOException lost -> "the node does not answer any more (" + firstLine(lost) + ")";
          default -> cause.toString();
        };
    context.err().println("console: " + line);
    return FAILED;
  }

  private static String firstLine(Throwable thrown) {
    return String.valueOf(thrown.getMessage()).lines().findFirst().orElse("");
  }

  @Override
  public Integer call() throws IOException {
    if (!context.person()) {
      context.err().println("console: name a verb; see 'console --help'");
      return USAGE;
    }
    target.api();
    return new Shell(context).run();
  }
}
