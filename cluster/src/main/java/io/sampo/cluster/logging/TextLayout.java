package io.sampo.cluster.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.StackTraceElementProxy;
import ch.qos.logback.core.LayoutBase;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/**
 * {@code 12:34:56.789 INFO Scheduler message name=value}, then the stack of an exception, each
 * frame on a line of its own. Control characters of messages are written as escapes.
 */
final class TextLayout extends LayoutBase<ILoggingEvent> {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

  @Override
  public String doLayout(ILoggingEvent event) {
    StringBuilder line = new StringBuilder(160);
    TIME.formatTo(event.getInstant(), line);
    line.append(' ').append(event.getLevel());
    line.append(event.getLevel().levelStr.length() < 5 ? "  " : " ");
    String logger = event.getLoggerName();
    line.append(logger, logger.lastIndexOf('.') + 1, logger.length()).append("  ");
    escape(event.getFormattedMessage(), line);
    List<KeyValuePair> pairs = event.getKeyValuePairs();
    if (pairs != null) {
      pairs.forEach(pair -> append(pair, line));
    }
    line.append('\n');
    appendStack(event.getThrowableProxy(), "", line);
    return line.toString();
  }

  private static void append(KeyValuePair pair, StringBuilder line) {
    String value = String.valueOf(pair.value);
    boolean quoted = value.isEmpty() || value.contains(" ") || value.contains("\"");
    line.append(' ').append(pair.key).append(quoted ? "=\"" : "=");
    escape(value.replace("\"", "\\\""), line);
    line.append(quoted ? "\"" : "");
  }

  private static void appendStack(
      @Nullable IThrowableProxy thrown, String prefix, StringBuilder line) {
    if (thrown == null) {
      return;
    }
    line.append("  ").append(prefix).append(thrown.getClassName()).append(": ");
    escape(String.valueOf(thrown.getMessage()), line);
    line.append('\n');
    StackTraceElementProxy[] frames = thrown.getStackTraceElementProxyArray();
    int own = frames.length - thrown.getCommonFrames();
    for (int i = 0; i < own; i++) {
      line.append("    ").append(frames[i].getSTEAsString()).append('\n');
    }
    appendStack(thrown.getCause(), "caused by ", line);
  }

  /** Appends text with its control characters as Java escapes them. */
  static void escape(@Nullable String text, StringBuilder to) {
    String given = String.valueOf(text);
    for (int i = 0; i < given.length(); i++) {
      char c = given.charAt(i);
      if (c == '\n') {
        to.append("\\n");
      } else if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
        to.append(String.format("\\u%04x", (int) c));
      } else {
        to.append(c);
      }
    }
  }
}
