package io.sampo.cluster.cli.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A settings file in HOCON. Its keys are the flags' names and {@code model}; a key that holds an
 * object ({@code pekko { … }}) and is no flag's name is configuration of the rooms below and goes
 * through as it is.
 */
final class SettingsFile {

  static final SettingsFile NONE = new SettingsFile(Map.of(), "");

  private final Map<String, Given> values;
  private final String overrides;

  private SettingsFile(Map<String, Given> values, String overrides) {
    this.values = values;
    this.overrides = overrides;
  }

  /**
   * Reads a file.
   *
   * @param known the keys it may hold
   * @throws UsageException when it cannot be read or holds a key that is not known
   */
  static SettingsFile read(Given given, List<String> known) {
    Path file = Path.of(given.text());
    if (!Files.isRegularFile(file)) {
      throw given.refused("there is no such file");
    }
    ConfigObject root = parse(given, file);
    Map<String, Given> values = new HashMap<>();
    Map<String, Object> rest = new HashMap<>();
    root.forEach(
        (key, value) -> {
          if (value.valueType() == ConfigValueType.OBJECT && !known.contains(key)) {
            rest.put(key, value.unwrapped());
          } else {
            values.put(key, entry(file, key, value, known));
          }
        });
    return new SettingsFile(values, rest.isEmpty() ? "" : render(rest));
  }

  Optional<Given> find(String key) {
    return Optional.ofNullable(values.get(key));
  }

  /** The objects of the file in HOCON; empty for none. */
  String overrides() {
    return overrides;
  }

  private static ConfigObject parse(Given given, Path file) {
    try {
      Config parsed =
          ConfigFactory.parseFile(
              file.toFile(), ConfigParseOptions.defaults().setAllowMissing(false));
      return parsed.resolve().root();
    } catch (ConfigException e) {
      throw given.refused(
          "not HOCON: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
  }

  private static Given entry(Path file, String key, ConfigValue value, List<String> known) {
    String place = file + " line " + value.origin().lineNumber() + ": " + key;
    if (!known.contains(key)) {
      throw new UsageException(place + ": no such key; 'sampo serve --help' lists them");
    }
    String text =
        switch (value) {
          case ConfigList list ->
              list.stream()
                  .map(v -> String.valueOf(v.unwrapped()))
                  .collect(Collectors.joining(","));
          case ConfigObject object ->
              object.entrySet().stream()
                  .map(named -> named.getKey() + "=" + named.getValue().unwrapped())
                  .collect(Collectors.joining(","));
          default -> String.valueOf(value.unwrapped());
        };
    return new Given(text, place + " = " + text);
  }

  private static String render(Map<String, Object> rest) {
    return ConfigValueFactory.fromMap(rest).render(ConfigRenderOptions.concise());
  }
}
