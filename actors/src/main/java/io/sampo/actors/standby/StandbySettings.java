package io.sampo.actors.standby;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * The room's settings; see {@code actors.standby} in reference.conf.
 *
 * @param keepFor how long a stream that was left, or whose gateway is gone, can be taken up
 * @param maxBytes of all records on one gateway
 * @param maxCopyBytes of a record that goes to another gateway
 * @param findLimit the longest wait for the other gateways' word
 */
public record StandbySettings(
    Duration keepFor, long maxBytes, int maxCopyBytes, Duration findLimit) {

  /** Below what one message between nodes may have. */
  private static final int LARGEST_COPY = 200 * 1024;

  public StandbySettings {
    if (keepFor.isNegative() || findLimit.isNegative() || findLimit.isZero()) {
      throw new IllegalArgumentException(
          "actors.standby: keep-for must not be negative, find-limit must be above 0");
    }
    if (maxBytes < 0 || maxCopyBytes < 0 || maxCopyBytes > LARGEST_COPY) {
      throw new IllegalArgumentException(
          "actors.standby: max-bytes must be at least 0, max-copy-bytes 0 to " + LARGEST_COPY);
    }
  }

  public static StandbySettings from(Config root) {
    Config config = root.getConfig("actors.standby");
    return new StandbySettings(
        config.getDuration("keep-for"),
        config.getBytes("max-bytes"),
        Math.toIntExact(config.getBytes("max-copy-bytes")),
        config.getDuration("find-limit"));
  }
}
