package io.sampo.kvcache.transfer;

import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * Bounds of a {@link BlockServer}.
 *
 * @param bind where it listens; port 0 for any that is free
 * @param connections the most at a time of peers that have proven who they are; 1 to 4096
 * @param strangers the most at a time of those that have not yet: one more, and the oldest of them
 *     is closed; 1 to 4096
 * @param handshakeWithin how long a stranger may take for his proof, and a peer for sending a
 *     request that it has begun
 * @param idle how long a connection without a request is kept
 * @param answerWithin the longest that an answer may take, whatever the fetcher would wait
 */
public record ServerSettings(
    InetSocketAddress bind,
    int connections,
    int strangers,
    Duration handshakeWithin,
    Duration idle,
    Duration answerWithin) {

  public ServerSettings {
    requireCount("connections", connections);
    requireCount("strangers", strangers);
    requirePositive("handshakeWithin", handshakeWithin);
    requirePositive("idle", idle);
    requirePositive("answerWithin", answerWithin);
  }

  /** What suits most. */
  public static ServerSettings on(InetSocketAddress bind) {
    return new ServerSettings(
        bind, 64, 32, Duration.ofSeconds(5), Duration.ofSeconds(60), Duration.ofSeconds(30));
  }

  static void requireCount(String name, int count) {
    if (count < 1 || count > 4096) {
      throw new IllegalArgumentException(name + " must be 1 to 4096: " + count);
    }
  }

  static void requirePositive(String name, Duration duration) {
    if (!duration.isPositive() || duration.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException(
          name + " must be longer than nothing, at most a day: " + duration);
    }
  }
}
