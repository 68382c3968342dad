package io.sampo.cluster.cli.settings;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The settings that belong to one engine, by its own names: flags for those that are worth a
 * thought, {@code --engine-option} for all. The engine knows the names and checks the values; what
 * can be told to be wrong without it is refused here, where it was written.
 */
final class EngineOptions {

  private static final int MOST_MILLIS = 60_000;
  private static final String AUTO = "auto";

  private EngineOptions() {}

  static Map<String, String> from(Layers layers) {
    Map<String, String> options = new TreeMap<>();
    layers.find(Flags.ENGINE_OPTION).ifPresent(given -> addAll(given, options));
    layers
        .find(Flags.INTER_TOKEN_MILLIS)
        .map(given -> String.valueOf(Layers.number(given, 0, MOST_MILLIS)))
        .ifPresent(value -> add(layers, Flags.INTER_TOKEN_MILLIS, value, options));
    layers
        .find(Flags.RETAIN_TOKENS)
        .map(EngineOptions::retainTokens)
        .ifPresent(value -> add(layers, Flags.RETAIN_TOKENS, value, options));
    layers
        .find(Flags.SPECULATION)
        .map(given -> speculation(given, layers))
        .ifPresent(value -> add(layers, Flags.SPECULATION, value, options));
    layers
        .find(Flags.KERNELS)
        .map(given -> oneOf(given, "auto", "off"))
        .ifPresent(value -> add(layers, Flags.KERNELS, value, options));
    layers.find(Flags.DRAFT).ifPresent(given -> checkDraft(given, layers));
    return options;
  }

  private static void checkDraft(Given given, Layers layers) {
    layers
        .find(Flags.SPECULATION)
        .ifPresent(
            also -> {
              throw also.refused("--draft says already how to guess; give one of the two");
            });
    requireRounding(given, layers);
  }

  private static void requireRounding(Given given, Layers layers) {
    if (layers.on(Flags.DETERMINISTIC)) {
      throw given.refused("it rounds differently; leave out either it or --deterministic");
    }
  }

  private static String speculation(Given given, Layers layers) {
    if (!oneOf(given, "off", "ngram").equals("off")) {
      requireRounding(given, layers);
    }
    return given.text();
  }

  private static String oneOf(Given given, String... allowed) {
    if (!List.of(allowed).contains(given.text())) {
      throw given.refused("expected one of " + String.join(", ", allowed));
    }
    return given.text();
  }

  private static String retainTokens(Given given) {
    if (given.text().equals(AUTO)) {
      return AUTO;
    }
    try {
      return String.valueOf(Layers.tokens(given, Integer.MAX_VALUE));
    } catch (UsageException e) {
      throw given.refused("expected auto or a number of tokens (32K = 32768); 0 keeps none");
    }
  }

  private static void add(Layers layers, Flag flag, String value, Map<String, String> options) {
    if (options.put(flag.name(), value) != null) {
      throw layers
          .find(Flags.ENGINE_OPTION)
          .orElseThrow()
          .refused("sets " + flag.name() + ", as " + flag.option() + " does; give it once");
    }
  }

  private static void addAll(Given given, Map<String, String> options) {
    for (String entry : given.text().split(",", -1)) {
      int equals = entry.indexOf('=');
      String name = equals < 0 ? "" : entry.substring(0, equals).strip();
      String value = entry.substring(equals + 1).strip();
      if (name.isEmpty() || value.isEmpty()) {
        throw given.refused("expected NAME=VALUE, or several of them parted by commas");
      }
      if (options.put(name, value) != null) {
        throw given.refused("sets " + name + " twice");
      }
    }
  }
}
