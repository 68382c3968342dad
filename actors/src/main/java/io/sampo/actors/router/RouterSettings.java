package io.sampo.actors.router;

import com.typesafe.config.Config;
import io.sampo.actors.policy.RoutingPolicies;
import java.time.Duration;

/**
 * The room's settings; see {@code actors.router} in reference.conf.
 *
 * @param replicaLostAfter a replica that has not reported for this long gets no new work
 * @param doubtAfter as before, of one that an answer has lost
 * @param sessionBound how many sessions are remembered
 * @param indexBlocks how many blocks of KV are remembered, whoever holds them
 * @param policy decides where a request goes, one of {@link RoutingPolicies#NAMES}
 * @param askAgainAfter a node's store that has told nothing for so long is asked again
 */
public record RouterSettings(
    Duration replicaLostAfter,
    Duration doubtAfter,
    int sessionBound,
    int indexBlocks,
    Duration askAgainAfter,
    String policy) {

  public RouterSettings {
    if (sessionBound < 1 || indexBlocks < 1) {
      throw new IllegalArgumentException(
          "actors.router: session-bound and index-blocks must be at least 1");
    }
    if (!RoutingPolicies.NAMES.contains(policy)) {
      throw new IllegalArgumentException(
          "actors.router.policy must be one of " + String.join(", ", RoutingPolicies.NAMES));
    }
  }

  public static RouterSettings from(Config root) {
    Config config = root.getConfig("actors.router");
    return new RouterSettings(
        config.getDuration("replica-lost-after"),
        config.getDuration("doubt-after"),
        config.getInt("session-bound"),
        config.getInt("index-blocks"),
        config.getDuration("ask-again-after"),
        config.getString("policy"));
  }
}
