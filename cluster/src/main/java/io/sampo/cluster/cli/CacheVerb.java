package io.sampo.cluster.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What can be done with KV while no node runs; its own verbs do it. */
@Command(
    name = "cache",
    description =
        "Write prefixes, such as system prompts, with their KV to a file that ships beside a model,"
            + " or bring such a file into a data folder.",
    synopsisHeading = "Usage: ",
    customSynopsis = "sampo cache export|import FILE [MODEL] [OPTIONS]")
final class CacheVerb implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  /** The verb with its own verbs. */
  static CommandLine with(Surroundings surroundings) {
    return FlagOptions.verb(new CacheVerb(), List.of())
        .addSubcommand(FlagOptions.verb(new CacheExportVerb(surroundings), CacheExportVerb.FLAGS))
        .addSubcommand(FlagOptions.verb(new CacheImportVerb(surroundings), CacheImportVerb.FLAGS));
  }

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return 2;
  }
}
