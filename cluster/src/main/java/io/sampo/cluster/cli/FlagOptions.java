package io.sampo.cluster.cli;

import io.sampo.cluster.cli.settings.Flag;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Verbs with their flags as picocli options, and back. Their values stay text until all sources are
 * joined.
 */
final class FlagOptions {

  private FlagOptions() {}

  /** A verb that takes these flags, in this order, and {@code --help}. */
  static CommandLine verb(Object verb, List<Flag> flags) {
    CommandLine command = new CommandLine(verb);
    CommandSpec spec = command.getCommandSpec();
    flags.forEach(flag -> spec.addOption(option(flag)));
    spec.addOption(
        OptionSpec.builder("-h", "--help")
            .usageHelp(true)
            .description("Show this help and end.")
            .build());
    spec.usageMessage().sortOptions(false).sortSynopsis(false);
    return command;
  }

  /** The flags that were given, by name. */
  static Map<String, String> given(CommandSpec spec) {
    Map<String, String> given = new HashMap<>();
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      if (option.userObject() instanceof Flag flag) {
        Object value = option.getValue();
        given.put(
            flag.name(),
            value instanceof List<?> list
                ? list.stream().map(String::valueOf).collect(Collectors.joining(","))
                : String.valueOf(value));
      }
    }
    return given;
  }

  /** All words of the command line, the verb first. */
  static List<String> words(CommandSpec spec) {
    return spec.root().commandLine().getParseResult().originalArgs();
  }

  private static OptionSpec option(Flag flag) {
    OptionSpec.Builder option =
        OptionSpec.builder(flag.option()).description(flag.description()).userObject(flag);
    if (flag.isSwitch()) {
      return option.type(boolean.class).arity("0").build();
    }
    option.arity("1").paramLabel(flag.label());
    return flag.isList()
        ? option.type(List.class).auxiliaryTypes(String.class).build()
        : option.type(String.class).build();
  }
}
