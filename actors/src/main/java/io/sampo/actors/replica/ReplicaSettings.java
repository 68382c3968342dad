package io.sampo.actors.replica;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * The room's settings; see {@code actors.replica} in reference.conf.
 *
 * @param beatInterval between two signs of life to each running generation
 * @param reportInterval between two reports to the router
 * @param orphanAfter a sequence whose generation is silent for this long is cancelled
 * @param reloadDelay before a broken engine is loaded again
 * @param canaryLimit the longest wait for a token that an engine is asked for to prove itself
 * @param canaryInterval an engine that produced no token for this long is asked for one; zero never
 *     asks again after the load
 * @param costPerHour of this machine, in any currency; 0 where nobody says
 * @param adapterDrainLimit how long sequences may still use an adapter that is to go
 */
public record ReplicaSettings(
    Duration beatInterval,
    Duration reportInterval,
    Duration orphanAfter,
    Duration reloadDelay,
    Duration canaryLimit,
    Duration canaryInterval,
    Duration adapterDrainLimit,
    double costPerHour) {

  public ReplicaSettings {
    if (beatInterval.isNegative()
        || beatInterval.isZero()
        || orphanAfter.compareTo(beatInterval) <= 0) {
      throw new IllegalArgumentException(
          "actors.replica: beat-interval must be positive and below orphan-after");
    }
    if (canaryInterval.isNegative()) {
      throw new IllegalArgumentException("actors.replica: canary-interval must not be negative");
    }
    if (!(costPerHour >= 0)) {
      throw new IllegalArgumentException("actors.replica: cost-per-hour must not be negative");
    }
  }

  public static ReplicaSettings from(Config root) {
    Config config = root.getConfig("actors.replica");
    return new ReplicaSettings(
        config.getDuration("beat-interval"),
        config.getDuration("report-interval"),
        config.getDuration("orphan-after"),
        config.getDuration("reload-delay"),
        config.getDuration("canary-limit"),
        config.getDuration("canary-interval"),
        config.getDuration("adapter-drain-limit"),
        config.getDouble("cost-per-hour"));
  }
}
