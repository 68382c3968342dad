package io.sampo.kvcache.transfer;

import static io.sampo.kvcache.transfer.ServerSettings.requireCount;
import static io.sampo.kvcache.transfer.ServerSettings.requirePositive;

import java.time.Duration;

/**
 * Bounds of a {@link BlockFetcher}.
 *
 * @param peers the most that something is remembered of; the one unused for longest is forgotten; 1
 *     to 4096
 * @param fetches the most from one peer at a time; 1 to 4096
 * @param waiting the most that wait for their turn with one peer; 0 to 4096
 * @param connectWithin how long a connection and its proofs may take, within a fetch's deadline
 * @param idle how long an unused connection is kept; shorter than the servers' own
 * @param firstPause how long a peer is bypassed after its first failure; each further one doubles
 *     it
 * @param longestPause up to this
 */
public record FetcherSettings(
    int peers,
    int fetches,
    int waiting,
    Duration connectWithin,
    Duration idle,
    Duration firstPause,
    Duration longestPause) {

  /** What suits most. */
  public static final FetcherSettings DEFAULT =
      new FetcherSettings(
          1024,
          2,
          16,
          Duration.ofSeconds(1),
          Duration.ofSeconds(30),
          Duration.ofMillis(500),
          Duration.ofSeconds(60));

  public FetcherSettings {
    requireCount("peers", peers);
    requireCount("fetches", fetches);
    if (waiting < 0 || waiting > 4096) {
      throw new IllegalArgumentException("waiting must be 0 to 4096: " + waiting);
    }
    requirePositive("connectWithin", connectWithin);
    requirePositive("idle", idle);
    requirePositive("firstPause", firstPause);
    if (longestPause.compareTo(firstPause) < 0) {
      throw new IllegalArgumentException(
          "longestPause must not be shorter than firstPause: " + longestPause);
    }
  }
}
