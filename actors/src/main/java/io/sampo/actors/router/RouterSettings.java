package io.sampo.actors.router;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * The room's settings; see {@code actors.router} in reference.conf.
 *
 * @param replicaLostAfter a replica that has not reported for this long gets no new work
 * @param sessionBound how many sessions are remembered
 * @param prefixBound how many prompt blocks are remembered
 */
public record RouterSettings(Duration replicaLostAfter, int sessionBound, int prefixBound) {

  public RouterSettings {
    if (sessionBound < 1 || prefixBound < 1) {
      throw new IllegalArgumentException(
          "actors.router: session-bound and prefix-bound must be at least 1");
    }
  }

  public static RouterSettings from(Config root) {
    Config config = root.getConfig("actors.router");
    return new RouterSettings(
        config.getDuration("replica-lost-after"),
        config.getInt("session-bound"),
        config.getInt("prefix-bound"));
  }
}
