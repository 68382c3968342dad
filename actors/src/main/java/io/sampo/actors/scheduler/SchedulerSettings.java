package io.sampo.actors.scheduler;

import com.typesafe.config.Config;
import io.sampo.actors.policy.Targets;
import java.time.Duration;

/**
 * The room's settings; see {@code actors.scheduler} in reference.conf.
 *
 * @param waitingBound the longest queue of one model
 * @param maxWait the longest wait in it
 * @param noReplicaPatience the longest wait while the model has no replica at all
 * @param priorityStep by how much one level of priority shifts a request's place in the queue
 * @param bookingGrace how old a booking must be before a replica's report can void it
 * @param interactive when an answer is to begin and go on that somebody waits for
 * @param batch the same for one that nobody waits for
 * @param costAware whether the cheapest machine that meets the targets is taken
 */
public record SchedulerSettings(
    int waitingBound,
    Duration maxWait,
    Duration noReplicaPatience,
    Duration priorityStep,
    Duration bookingGrace,
    Targets interactive,
    Targets batch,
    boolean costAware) {

  private static final Duration LONGEST_STEP = Duration.ofHours(24);

  public SchedulerSettings {
    if (waitingBound < 0) {
      throw new IllegalArgumentException(
          "actors.scheduler.waiting-bound must not be negative: " + waitingBound);
    }
    if (priorityStep.isNegative() || priorityStep.compareTo(LONGEST_STEP) > 0) {
      throw new IllegalArgumentException(
          "actors.scheduler.priority-step must be 0 to 24h: " + priorityStep);
    }
  }

  public static SchedulerSettings from(Config root) {
    Config config = root.getConfig("actors.scheduler");
    return new SchedulerSettings(
        config.getInt("waiting-bound"),
        config.getDuration("max-wait"),
        config.getDuration("no-replica-patience"),
        config.getDuration("priority-step"),
        config.getDuration("booking-grace"),
        targets(config, "interactive"),
        targets(config, "batch"),
        config.getBoolean("cost-aware"));
  }

  private static Targets targets(Config config, String service) {
    return new Targets(
        millis(config, service + ".first-token"), millis(config, service + ".next-token"));
  }

  private static double millis(Config config, String key) {
    double millis = config.getDuration(key).toNanos() / 1e6;
    if (millis <= 0) {
      throw new IllegalArgumentException("actors.scheduler." + key + " must be above 0");
    }
    return millis;
  }
}
