package io.sampo.cluster.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.cluster.cli.settings.Flag;
import io.sampo.cluster.cli.settings.Flags;
import io.sampo.cluster.node.Versions;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.IVersionProvider;

/** The command {@code sampo}: chooses the verb. */
@Command(
    name = "sampo",
    description = {
      "Serves language models on a cluster of ordinary JVMs, over an OpenAI-compatible endpoint.",
      ""
    },
    synopsisHeading = "Usage: ",
    customSynopsis = "sampo VERB [OPTIONS]",
    commandListHeading = "%nVerbs:%n",
    footer = {
      "",
      "Start here:",
      "  sampo serve                     serve the default model, stories15m (31 MB)",
      "  sampo serve ~/llama-3.2-1b.gguf serve a model file",
      "  sampo doctor                    what stands in the way on this machine",
      "",
      "Every flag of 'sampo serve' is also a variable (SAMPO_PORT) and a key of its --config file.",
      "  SAMPO_HOME        data folder (default ~/.sampo)",
      "  SAMPO_JAVA_HOME   the JDK 25 to run on",
      "  SAMPO_JAVA_OPTS   further options of the JVM",
      "  SAMPO_AOT=off     do not make or use the start-up cache",
      "  HF_TOKEN, HF_ENDPOINT   for models of Hugging Face",
      "  HF_HUB_CACHE, HF_HOME   where its own programs keep models, which are used from there",
      "  HTTPS_PROXY, HTTP_PROXY, NO_PROXY   for downloads",
      "  NO_COLOR          no colours",
      "'sampo --dry-run VERB' prints the Java command and runs nothing."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Sampo.VersionLine.class)
public final class Sampo {

  private Sampo() {}

  public static void main(String[] words) {
    System.exit(run(Surroundings.ofProcess(), words));
  }

  /**
   * Runs one verb.
   *
   * @return the exit code: 0 done, 1 failed, 2 asked wrongly
   */
  public static int run(Surroundings surroundings, String... words) {
    CommandLine command = commandLine(surroundings);
    if (words.length == 0) {
      command.usage(command.getErr());
      return 2;
    }
    return command.execute(words);
  }

  private static CommandLine commandLine(Surroundings surroundings) {
    CommandLineErrors errors = new CommandLineErrors(surroundings);
    CommandLine command = new CommandLine(new Sampo());
    verbs(surroundings).forEach(verb -> command.addSubcommand(verb));
    command.addSubcommand(new CommandLine.HelpCommand());
    return command
        .setOut(new PrintWriter(surroundings.out(), true, UTF_8))
        .setErr(new PrintWriter(surroundings.err(), true, UTF_8))
        .setColorScheme(
            CommandLine.Help.defaultColorScheme(surroundings.colours() ? Ansi.ON : Ansi.OFF))
        .setUsageHelpWidth(100)
        .setParameterExceptionHandler(errors::onParameters)
        .setExecutionExceptionHandler(errors::onExecution);
  }

  private static List<CommandLine> verbs(Surroundings surroundings) {
    List<Flag> none = List.of();
    List<Flag> store = List.of(Flags.DATA_DIR);
    return List.of(
        FlagOptions.verb(new ServeVerb(surroundings), Flags.SERVE),
        FlagOptions.verb(new NodeVerb(surroundings), Flags.NODE),
        FlagOptions.verb(new PullVerb(surroundings), store),
        FlagOptions.verb(new ListVerb(surroundings), store),
        FlagOptions.verb(new ShowVerb(surroundings), ShowVerb.FLAGS),
        FlagOptions.verb(new RemoveVerb(surroundings), store),
        CacheVerb.with(surroundings),
        FlagOptions.verb(new KeyVerb(surroundings), none),
        FlagOptions.verb(new DoctorVerb(surroundings), DoctorVerb.FLAGS),
        FlagOptions.verb(new VersionVerb(surroundings), none),
        FlagOptions.verb(new Rehearsal(surroundings), none));
  }

  /** The answer to {@code --version}. */
  static final class VersionLine implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"sampo " + Versions.all().get("sampo")};
    }
  }
}
