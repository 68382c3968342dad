package io.sampo.ops.console;

import java.util.concurrent.Callable;
import picocli.CommandLine.Option;

/** What every verb has in common. */
abstract class Verb implements Callable<Integer> {

  private static final int MILLIS = 1000;

  final Context context;

  @Option(names = "--json", description = "As JSON, for programs.")
  boolean json;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "5",
      description = "How long nodes have to answer. Default ${DEFAULT-VALUE}.")
  double timeout;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help and end.")
  boolean help;

  Verb(Context context) {
    this.context = context;
  }

  int millis() {
    return (int) Math.round(timeout * MILLIS);
  }
}
