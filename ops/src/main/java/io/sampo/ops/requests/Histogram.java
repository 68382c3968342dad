package io.sampo.ops.requests;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts values by fixed upper bounds, as Prometheus wants them. Recording is two additions, by any
 * thread; what is read meanwhile may be one value behind in one of the figures.
 */
public final class Histogram {

  private final long[] bounds;
  private final AtomicLongArray counts;
  private final LongAdder sum = new LongAdder();

  /**
   * @param bounds inclusive upper bounds, ascending; values over the last one are counted too
   */
  Histogram(long... bounds) {
    this.bounds = bounds.clone();
    this.counts = new AtomicLongArray(bounds.length + 1);
  }

  /** One whose values are nanoseconds, with bounds in seconds. */
  static Histogram ofSeconds(double... bounds) {
    long[] nanos = new long[bounds.length];
    for (int i = 0; i < bounds.length; i++) {
      nanos[i] = Math.round(bounds[i] * 1e9);
    }
    return new Histogram(nanos);
  }

  void record(long value) {
    int bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]) {
      bucket++;
    }
    counts.getAndIncrement(bucket);
    sum.add(value);
  }

  /** The inclusive upper bounds; one more bucket follows the last. */
  public long[] bounds() {
    return bounds.clone();
  }

  /** Values in each bucket, not those in the ones below it. */
  public long[] counts() {
    long[] read = new long[counts.length()];
    for (int i = 0; i < read.length; i++) {
      read[i] = counts.get(i);
    }
    return read;
  }

  /** Of all values. */
  public long sum() {
    return sum.sum();
  }
}
