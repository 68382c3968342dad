package io.sampo.cluster.cli;

import java.util.Locale;

/** Large counts for people. */
final class Counts {

  private static final String[] UNITS = {"", " K", " M", " G", " T", " P"};

  private Counts() {}

  /** Two or three digits and a decimal unit, for example {@code 15.2 M}. */
  static String text(long count) {
    double rest = count;
    int unit = 0;
    while (rest >= 999.5 && unit < UNITS.length - 1) {
      rest /= 1000;
      unit++;
    }
    String digits = unit > 0 && rest < 99.95 ? "%.1f" : "%.0f";
    return String.format(Locale.ROOT, digits, rest) + UNITS[unit];
  }
}
