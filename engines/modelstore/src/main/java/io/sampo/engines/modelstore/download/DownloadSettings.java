package io.sampo.engines.modelstore.download;

import java.time.Duration;

/**
 * How downloads behave.
 *
 * @param streams ranges fetched at the same time
 * @param rangeBytes the smallest range; larger files use multiples of it
 * @param connectDeadline for a connection and for the head of an answer
 * @param stallDeadline for the next bytes of an answer
 * @param attempts in a row without a new byte before giving up
 * @param firstPause between attempts; doubled each time
 */
public record DownloadSettings(
    int streams,
    int rangeBytes,
    Duration connectDeadline,
    Duration stallDeadline,
    int attempts,
    Duration firstPause) {

  public static final DownloadSettings DEFAULTS =
      new DownloadSettings(
          4, 8 << 20, Duration.ofSeconds(20), Duration.ofSeconds(30), 6, Duration.ofMillis(500));

  public DownloadSettings {
    if (streams < 1 || streams > 16 || rangeBytes < 1 || attempts < 1) {
      throw new IllegalArgumentException("streams 1 to 16, rangeBytes and attempts at least 1");
    }
  }
}
