package io.sampo.cluster.kv;

import com.typesafe.config.Config;
import io.sampo.kvcache.transfer.FetcherSettings;
import java.net.InetAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a node gives blocks to others and gets theirs.
 *
 * @param advertisedHost where others are told to ask; null for the address that is listened on
 * @param advertisedPort likewise; 0 for the port that is listened on
 * @param firstPause how long a peer that failed is not asked
 * @param longestPause up to this, doubled by each further failure
 * @param warmUpBytes how many bytes of made-up blocks are moved so that the code is compiled; 0 for
 *     none
 */
record ExchangeSettings(
    @Nullable String advertisedHost,
    int advertisedPort,
    Duration firstPause,
    Duration longestPause,
    long warmUpBytes) {

  ExchangeSettings {
    if (advertisedHost != null) {
      // Whoever is told asks no name service for it.
      InetAddress.ofLiteral(advertisedHost);
    }
    if (advertisedPort < 0 || advertisedPort > 65_535) {
      throw new IllegalArgumentException("advertised-port is no port: " + advertisedPort);
    }
  }

  /** Reads {@code cluster.kv.exchange}. */
  static ExchangeSettings from(Config config) {
    String host = config.getString("advertised-host");
    return new ExchangeSettings(
        host.isEmpty() ? null : host,
        config.getInt("advertised-port"),
        config.getDuration("first-pause"),
        config.getDuration("longest-pause"),
        config.getBytes("warm-up"));
  }

  FetcherSettings fetcher() {
    FetcherSettings usual = FetcherSettings.DEFAULT;
    return new FetcherSettings(
        usual.peers(),
        usual.fetches(),
        usual.waiting(),
        usual.connectWithin(),
        usual.idle(),
        firstPause,
        longestPause);
  }
}
