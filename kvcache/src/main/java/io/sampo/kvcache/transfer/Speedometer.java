package io.sampo.kvcache.transfer;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Keeps a {@link PeerSpeed}. Pure: the time is given. Not for several threads at once. */
final class Speedometer {

  /** The weight of what was measured last. */
  private static final double WEIGHT = 0.3;

  /** Of fewer bytes in less time the rate is that of a buffer, not of the way. */
  private static final long TELLING_BYTES = 1 << 18;

  private static final long TELLING_NANOS = 10_000_000;

  private double bytesPerSecond;
  private double roundTripNanos;
  private long measuredAt;

  /** An answer began so long after its request. */
  void answered(long nanos, long now) {
    double last = nanos;
    roundTripNanos = roundTripNanos == 0 ? last : mix(roundTripNanos, last);
    measuredAt = now;
  }

  /** So many bytes came in such a time; of a peer that stalls, none. */
  void moved(long bytes, long nanos, long now) {
    if (bytes >= TELLING_BYTES || nanos >= TELLING_NANOS) {
      double rate = Math.max(1, 1e9 * bytes / Math.max(1, nanos));
      bytesPerSecond = bytesPerSecond == 0 ? rate : mix(bytesPerSecond, rate);
      measuredAt = now;
    }
  }

  private static double mix(double before, double last) {
    return (1 - WEIGHT) * before + WEIGHT * last;
  }

  /** What is known; null before a first fetch. */
  @Nullable PeerSpeed speed(long now) {
    return bytesPerSecond == 0
        ? null
        : new PeerSpeed(
            bytesPerSecond,
            Duration.ofNanos((long) roundTripNanos),
            Duration.ofNanos(now - measuredAt));
  }
}
