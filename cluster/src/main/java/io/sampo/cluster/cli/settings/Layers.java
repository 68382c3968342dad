package io.sampo.cluster.cli.settings;

import io.sampo.cluster.membership.Seed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** The joined sources of settings: command line, environment, file. */
public final class Layers {

  private final Map<String, String> commandLine;
  private final Map<String, String> environment;
  private final SettingsFile file;

  private Layers(
      Map<String, String> commandLine, Map<String, String> environment, SettingsFile file) {
    this.commandLine = commandLine;
    this.environment = environment;
    this.file = file;
  }

  /**
   * Joins all sources; the file is the one that {@code --config} names.
   *
   * @param commandLine values by {@link Flag#name}; only those that were given
   * @param environment the process's environment
   * @param flags what the verb takes; on the command line {@code serve} takes the model without a
   *     name
   * @throws UsageException when a source names what does not exist
   */
  public static Layers of(
      Map<String, String> commandLine, Map<String, String> environment, List<Flag> flags) {
    Layers bare = new Layers(commandLine, environment, SettingsFile.NONE);
    List<String> keys = new ArrayList<>(flags.stream().map(Flag::name).toList());
    keys.remove(Flags.CONFIG.name());
    keys.add(Flags.MODEL.name());
    return bare.find(Flags.CONFIG)
        .map(given -> new Layers(commandLine, environment, SettingsFile.read(given, keys)))
        .orElse(bare);
  }

  /** The layers of a verb that reads no file: the store's, and {@code doctor}. */
  public static Layers withoutFile(
      Map<String, String> commandLine, Map<String, String> environment) {
    return new Layers(commandLine, environment, SettingsFile.NONE);
  }

  /** The value of the highest source that has one. An empty environment variable counts as none. */
  public Optional<Given> find(Flag flag) {
    return onCommandLine(flag)
        .or(() -> inEnvironment(flag.variable()))
        .or(() -> file.find(flag.name()));
  }

  String overrides() {
    return file.overrides();
  }

  public String text(Flag flag, String otherwise) {
    return find(flag).map(Given::text).orElse(otherwise);
  }

  public int number(Flag flag, int least, int most, int otherwise) {
    return find(flag).map(given -> number(given, least, most)).orElse(otherwise);
  }

  /** A number that may end in K, for 1024. */
  int tokens(Flag flag, int most, int otherwise) {
    return find(flag).map(given -> tokens(given, most)).orElse(otherwise);
  }

  /** Bytes, as a number that may end in K, M, G or T. */
  public OptionalLong bytes(Flag flag) {
    return find(flag)
        .map(given -> OptionalLong.of(KvFlags.bytes(given)))
        .orElseGet(OptionalLong::empty);
  }

  public boolean on(Flag flag) {
    return find(flag).map(Layers::truth).orElse(false);
  }

  Optional<Path> path(Flag flag) {
    return find(flag).map(given -> Path.of(expandHome(given.text())));
  }

  /**
   * The nodes to join.
   *
   * @throws UsageException when one is none
   */
  public List<Seed> seeds() {
    return ClusterFlags.seeds(this);
  }

  /** Values parted by commas. */
  List<String> list(Flag flag) {
    return find(flag).stream()
        .flatMap(given -> Arrays.stream(given.text().split(",")))
        .map(String::strip)
        .filter(entry -> !entry.isEmpty())
        .toList();
  }

  /** The data folder: its flag, else {@code SAMPO_HOME}, else {@code ~/.sampo}. */
  public Path dataFolder() {
    return path(Flags.DATA_DIR)
        .or(() -> inEnvironment("SAMPO_HOME").map(given -> Path.of(expandHome(given.text()))))
        .orElseGet(() -> Path.of(System.getProperty("user.home"), ".sampo"))
        .toAbsolutePath();
  }

  static int number(Given given, int least, int most) {
    try {
      int value = Integer.parseInt(given.text());
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Refused below, with the rule.
    }
    throw given.refused("expected a number, " + least + " to " + most + hint(given));
  }

  static int tokens(Given given, int most) {
    String text = given.text().toUpperCase(Locale.ROOT);
    boolean thousands = text.endsWith("K");
    String digits = thousands ? text.substring(0, text.length() - 1) : text;
    if (!digits.matches("-?\\d{1,9}")) {
      throw given.refused("expected a number of tokens, such as 4096 or 8K");
    }
    int unit = thousands ? 1024 : 1;
    return unit * number(new Given(digits, given.place()), 0, most / unit);
  }

  private static boolean truth(Given given) {
    return switch (given.text().toLowerCase(Locale.ROOT)) {
      case "true", "on", "yes", "1" -> true;
      case "false", "off", "no", "0" -> false;
      default -> throw given.refused("expected true or false");
    };
  }

  /** Kubernetes sets SAMPO_PORT=tcp://… in every pod beside a service of the name sampo. */
  private static String hint(Given given) {
    return given.text().startsWith("tcp://")
        ? " (a Kubernetes service link; set enableServiceLinks: false in the pod)"
        : "";
  }

  static String expandHome(String path) {
    return path.startsWith("~/") ? System.getProperty("user.home") + path.substring(1) : path;
  }

  private Optional<Given> onCommandLine(Flag flag) {
    return Optional.ofNullable(commandLine.get(flag.name()))
        .map(text -> new Given(text, flag.option() + " " + text));
  }

  private Optional<Given> inEnvironment(String variable) {
    return Optional.ofNullable(environment.get(variable))
        .filter(text -> !text.isEmpty())
        .map(text -> new Given(text, variable + "=" + text));
  }
}
