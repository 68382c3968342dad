package io.sampo.ops.metrics;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.sampo.ops.requests.Histogram;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Metrics of one page, family by family. A family without a value is left out.
 *
 * <p>Counters are named without {@code _total}, which the page appends.
 */
final class Family {

  private static final double NANOS = 1e9;

  private final List<MetricSnapshot> families = new ArrayList<>();

  /** Adds values to a family. */
  interface Values {

    /**
     * Adds a value.
     *
     * @param labels names and values in turn
     */
    void add(double value, String... labels);

    /** A count; beyond 2^53 its last digits are lost, as in Prometheus. */
    default void add(long value, String... labels) {
      add((double) value, labels);
    }
  }

  /** Adds histograms to a family. */
  interface Histograms {

    /**
     * Adds a histogram.
     *
     * @param labels names and values in turn
     */
    void add(Histogram histogram, String... labels);
  }

  void counter(String name, String help, Consumer<Values> values) {
    CounterSnapshot.Builder family = CounterSnapshot.builder().name(name).help(help);
    int[] points = {0};
    values.accept(
        (value, labels) -> {
          points[0]++;
          family.dataPoint(
              CounterDataPointSnapshot.builder().value(value).labels(Labels.of(labels)).build());
        });
    if (points[0] > 0) {
      families.add(family.build());
    }
  }

  void gauge(String name, String help, Consumer<Values> values) {
    GaugeSnapshot.Builder family = GaugeSnapshot.builder().name(name).help(help);
    int[] points = {0};
    values.accept(
        (value, labels) -> {
          points[0]++;
          family.dataPoint(
              GaugeDataPointSnapshot.builder().value(value).labels(Labels.of(labels)).build());
        });
    if (points[0] > 0) {
      families.add(family.build());
    }
  }

  /** Histograms of nanoseconds, told in seconds. */
  void seconds(String name, String help, Consumer<Histograms> values) {
    histogram(name, help, NANOS, values);
  }

  /** Histograms of numbers. */
  void numbers(String name, String help, Consumer<Histograms> values) {
    histogram(name, help, 1, values);
  }

  private void histogram(String name, String help, double unit, Consumer<Histograms> values) {
    HistogramSnapshot.Builder family = HistogramSnapshot.builder().name(name).help(help);
    int[] points = {0};
    values.accept(
        (histogram, labels) -> {
          points[0]++;
          family.dataPoint(
              HistogramDataPointSnapshot.builder()
                  .classicHistogramBuckets(buckets(histogram, unit))
                  .sum(histogram.sum() / unit)
                  .labels(Labels.of(labels))
                  .build());
        });
    if (points[0] > 0) {
      families.add(family.build());
    }
  }

  private static ClassicHistogramBuckets buckets(Histogram histogram, double unit) {
    long[] bounds = histogram.bounds();
    long[] counts = histogram.counts();
    ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
    for (int i = 0; i < bounds.length; i++) {
      buckets.bucket(bounds[i] / unit, counts[i]);
    }
    return buckets.bucket(Double.POSITIVE_INFINITY, counts[bounds.length]).build();
  }

  List<MetricSnapshot> all() {
    return families;
  }
}
