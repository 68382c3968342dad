package io.sampo.actors.placement;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * The room's settings; see {@code actors.placement} in reference.conf.
 *
 * @param interval between two rounds of asking the wanted replicas to be there
 * @param adapterLimit the longest that loading or unloading an adapter may take
 * @param maxAdapterChanges how many adapters are loaded and unloaded at a time
 * @param drainGrace how long answers may end where nothing new is taken
 */
public record PlacementSettings(
    Duration interval, Duration adapterLimit, int maxAdapterChanges, Duration drainGrace) {

  public PlacementSettings {
    if (!interval.isPositive() || !adapterLimit.isPositive() || maxAdapterChanges < 1) {
      throw new IllegalArgumentException(
          "actors.placement: interval, adapter-limit and max-adapter-changes must be above 0");
    }
    if (drainGrace.isNegative()) {
      throw new IllegalArgumentException("actors.placement: drain-grace must not be negative");
    }
  }

  public static PlacementSettings from(Config root) {
    Config config = root.getConfig("actors.placement");
    return new PlacementSettings(
        config.getDuration("interval"),
        config.getDuration("adapter-limit"),
        config.getInt("max-adapter-changes"),
        config.getDuration("drain-grace"));
  }
}
