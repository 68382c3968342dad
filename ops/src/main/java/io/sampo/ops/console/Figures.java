package io.sampo.ops.console;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers as a person reads them. */
final class Figures {

  private static final String UNITS = "KMGT";
  private static final String BARS = "▁▂▃▄▅▆▇█";

  private static final Pattern TIME = Pattern.compile("(\\d{1,6})([smh]?)");

  private Figures() {}

  static String bytes(long bytes) {
    if (bytes < 0) {
      return "-";
    }
    double scaled = bytes;
    int unit = -1;
    while (scaled >= 1024 && unit < UNITS.length() - 1) {
      scaled /= 1024;
      unit++;
    }
    return unit < 0 ? "" + bytes : String.format(Locale.ROOT, "%.1f%c", scaled, UNITS.charAt(unit));
  }

  static String seconds(long seconds) {
    if (seconds < 120) {
      return seconds + "s";
    } else if (seconds < 7200) {
      return seconds / 60 + "m";
    }
    return seconds < 172_800 ? seconds / 3600 + "h" : seconds / 86_400 + "d";
  }

  /**
   * A time that a person wrote, in seconds.
   *
   * @param flag that it was given with
   */
  static long parseSeconds(String flag, String text) {
    Matcher time = TIME.matcher(text);
    if (!time.matches()) {
      throw new ConsoleException(flag + " " + text + ": expected a time such as 90s, 10m or 1h");
    }
    long unit =
        switch (String.valueOf(time.group(2))) {
          case "m" -> 60;
          case "h" -> 3600;
          default -> 1;
        };
    return unit * Long.parseLong(String.valueOf(time.group(1)));
  }

  static String number(double number) {
    return number < 0 ? "-" : String.format(Locale.ROOT, "%.1f", number);
  }

  /** A line of bars, the highest for the highest value. */
  static String sparkline(double[] values) {
    double highest = 0;
    for (double value : values) {
      highest = Math.max(highest, value);
    }
    StringBuilder bars = new StringBuilder();
    for (double value : values) {
      int height = highest == 0 ? 0 : (int) Math.round(value / highest * (BARS.length() - 1));
      bars.append(BARS.charAt(height));
    }
    return bars.toString();
  }
}
