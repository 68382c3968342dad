package io.sampo.cluster.cli;

import java.util.Locale;

/** Numbers for people: 1 KB is 1000 bytes, as disks and model pages count. */
final class Sizes {

  private static final String[] UNITS = {"", "K", "M", "G", "T", "P"};

  private Sizes() {}

  /** Three digits and a unit, for example {@code 60.8 MB}. */
  static String bytes(long bytes) {
    return scaled(bytes) + "B";
  }

  /** As {@link #bytes} for a count, for example {@code 15.2 M}. */
  static String count(long count) {
    return scaled(count).strip();
  }

  private static String scaled(long number) {
    double rest = number;
    int unit = 0;
    while (rest >= 999.5 && unit < UNITS.length - 1) {
      rest /= 1000;
      unit++;
    }
    String digits = unit > 0 && rest < 99.95 ? "%.1f" : "%.0f";
    return String.format(Locale.ROOT, digits, rest) + " " + UNITS[unit];
  }
}
