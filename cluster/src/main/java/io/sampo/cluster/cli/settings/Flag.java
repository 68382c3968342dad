package io.sampo.cluster.cli.settings;

import java.util.Locale;

/**
 * One setting under its three names.
 *
 * @param name without dashes in front, for example {@code ctx-size}; also the key in a file
 * @param label what stands for the value in the help; empty for a switch, which takes none
 * @param description what it does, its unit and its default
 */
public record Flag(String name, String label, String description) {

  /** As written on the command line. */
  public String option() {
    return "--" + name;
  }

  /** As written in the environment. */
  public String variable() {
    return variableOf(name);
  }

  public boolean isSwitch() {
    return label.isEmpty();
  }

  /** Whether it takes several values, parted by commas or given one after the other. */
  public boolean isList() {
    return label.endsWith("…");
  }

  static String variableOf(String name) {
    return "SAMPO_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
  }
}
