package io.sampo.actors.scheduler;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * The room's settings; see {@code actors.scheduler} in reference.conf.
 *
 * @param waitingBound the longest queue of one model
 * @param maxWait the longest wait in it
 * @param noReplicaPatience the longest wait while the model has no replica at all
 * @param bookingGrace how old a booking must be before a replica's report can void it
 */
public record SchedulerSettings(
    int waitingBound, Duration maxWait, Duration noReplicaPatience, Duration bookingGrace) {

  public SchedulerSettings {
    if (waitingBound < 0) {
      throw new IllegalArgumentException(
          "actors.scheduler.waiting-bound must not be negative: " + waitingBound);
    }
  }

  public static SchedulerSettings from(Config root) {
    Config config = root.getConfig("actors.scheduler");
    return new SchedulerSettings(
        config.getInt("waiting-bound"),
        config.getDuration("max-wait"),
        config.getDuration("no-replica-patience"),
        config.getDuration("booking-grace"));
  }
}
