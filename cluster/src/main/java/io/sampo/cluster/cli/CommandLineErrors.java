package io.sampo.cluster.cli;

import io.sampo.cluster.cli.settings.UsageException;
import io.sampo.engines.modelstore.gguf.GgufRejectedException;
import io.sampo.engines.spi.EngineException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what went wrong into one line on standard error and an exit code. */
final class CommandLineErrors {

  private static final int FAILED = 1;
  private static final int USAGE = 2;

  private final Surroundings surroundings;

  CommandLineErrors(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /** For words that picocli could not place. */
  int onParameters(ParameterException e, String[] words) {
    return say(usageLine(e), USAGE);
  }

  /** For what a verb threw. */
  int onExecution(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
    return switch (e) {
      case UsageException usage -> say(message(usage), USAGE);
      case FailedException failed -> say(message(failed), FAILED);
      case EngineException engine -> say(message(engine), FAILED);
      case GgufRejectedException rejected -> say(message(rejected), FAILED);
      case InterruptedException interrupted -> say("interrupted", FAILED);
      case UncheckedIOException io when io.getCause() != null -> say(reason(io.getCause()), FAILED);
      case IOException io -> say(reason(io), FAILED);
      default -> onDefect(e);
    };
  }

  private int onDefect(Exception e) {
    e.printStackTrace(surroundings.err());
    return say("this is a defect of Sampo; please report the lines above", FAILED);
  }

  private int say(String line, int exitCode) {
    surroundings.err().println("sampo: " + line);
    return exitCode;
  }

  private static String usageLine(ParameterException e) {
    String help = "see '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'";
    if (!(e instanceof UnmatchedArgumentException unmatched)) {
      return message(e).lines().findFirst().orElse("") + "; " + help;
    }
    String word = unmatched.getUnmatched().getFirst().split("=", 2)[0];
    return unknown(word, e.getCommandLine()) + "; " + help;
  }

  private static String unknown(String word, CommandLine command) {
    boolean option = word.startsWith("-");
    Set<String> candidates =
        option ? command.getCommandSpec().optionsMap().keySet() : command.getSubcommands().keySet();
    String kind =
        option ? "unknown option " : candidates.isEmpty() ? "one word too many: " : "no verb ";
    return kind
        + word
        + Nearest.to(word, candidates).map(near -> ", did you mean " + near + "?").orElse("");
  }

  private static String reason(IOException e) {
    return e instanceof FileSystemException file && file.getReason() == null
        ? file.getClass().getSimpleName() + ": " + file.getFile()
        : message(e);
  }

  private static String message(Exception e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
