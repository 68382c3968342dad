package io.sampo.kvcache.transfer;

import java.time.Duration;

/**
 * How fast a peer gave what was asked of it, of late: moving averages in which each fetch weighs
 * more than all before the last few. From it follows whether a fetch is worth its time.
 *
 * @param bytesPerSecond of blocks, from the first byte of an answer to its end
 * @param roundTrip from a request to the first byte of its answer
 * @param age how long ago that was measured last
 */
public record PeerSpeed(double bytesPerSecond, Duration roundTrip, Duration age) {

  private static final double LONGEST_NANOS = 1e18;

  /** How long a fetch of so many bytes would take. */
  public Duration expected(long bytes) {
    return roundTrip.plusNanos((long) Math.min(LONGEST_NANOS, 1e9 * bytes / bytesPerSecond));
  }
}
