package io.sampo.cluster.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Levels of loggers, changed while the process runs. One that was set for a time becomes what it
 * was before when that is over.
 *
 * <p>Invariant: a later change of the same logger voids the end of an earlier one.
 */
public final class LogLevels {

  /** The loggers that there may be a level for at a time. */
  private static final int MOST_CHANGES = 256;

  /**
   * A change that ends.
   *
   * @param before the level to go back to; null where the logger had none of its own
   */
  private record Change(@Nullable Level before, long endNanos) {}

  private final Map<String, Change> changes = new TreeMap<>();

  /** A logger's own level, and in how many seconds it ends; 0 for never. */
  public record Set(String level, long expiresInSeconds) {}

  /** Every logger that has a level of its own. */
  public synchronized Map<String, Set> all() {
    Map<String, Set> levels = new TreeMap<>();
    for (Logger logger : context().getLoggerList()) {
      Level level = logger.getLevel();
      if (level != null) {
        levels.put(logger.getName(), new Set(level.toString(), left(logger.getName())));
      }
    }
    return levels;
  }

  private long left(String logger) {
    Change change = changes.get(logger);
    return change == null
        ? 0
        : Math.max(1, TimeUnit.NANOSECONDS.toSeconds(change.endNanos - System.nanoTime()));
  }

  /**
   * Sets a level.
   *
   * @param level as logback calls it, in any case
   * @param lasting zero for good
   * @throws IllegalArgumentException when there is no such level, or too many loggers were changed
   */
  public synchronized void set(String logger, String level, Duration lasting) {
    Level wanted = Level.toLevel(level.toUpperCase(Locale.ROOT), null);
    if (wanted == null) {
      throw new IllegalArgumentException(
          "there is no level '"
              + level
              + "'; there are: off, error, warn, info, debug, trace, all");
    }
    if (logger.length() > 200 || (changes.size() >= MOST_CHANGES && !changes.containsKey(logger))) {
      throw new IllegalArgumentException("too many loggers have a level for a time, or too long");
    }
    Logger changed = context().getLogger(logger);
    Change earlier = changes.remove(logger);
    Level before = earlier == null ? changed.getLevel() : earlier.before;
    changed.setLevel(wanted);
    if (!lasting.isZero()) {
      Change change = new Change(before, System.nanoTime() + lasting.toNanos());
      changes.put(logger, change);
      CompletableFuture.delayedExecutor(lasting.toMillis(), TimeUnit.MILLISECONDS)
          .execute(() -> end(logger, change));
    }
  }

  private synchronized void end(String logger, Change change) {
    if (changes.remove(logger, change)) {
      context().getLogger(logger).setLevel(change.before);
    }
  }

  private static LoggerContext context() {
    return (LoggerContext) LoggerFactory.getILoggerFactory();
  }
}
