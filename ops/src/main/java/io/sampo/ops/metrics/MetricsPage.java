package io.sampo.ops.metrics;

import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import org.jspecify.annotations.Nullable;

/**
 * The page {@code /metrics} of a node, in Prometheus' text format. Nothing is made before it is
 * asked for the first time: a node that nobody scrapes pays for its counters only.
 */
public final class MetricsPage implements AutoCloseable {

  /** Of the page. */
  public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final NodeFigures node;
  private final JvmGcMetrics collector = new JvmGcMetrics();
  private @Nullable PrometheusMeterRegistry registry;

  public MetricsPage(NodeFigures node) {
    this.node = node;
  }

  public synchronized String text() {
    if (registry == null) {
      registry = registry();
    }
    return registry.scrape();
  }

  private PrometheusMeterRegistry registry() {
    PrometheusMeterRegistry made = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    new JvmMemoryMetrics().bindTo(made);
    new JvmThreadMetrics().bindTo(made);
    new ProcessorMetrics().bindTo(made);
    new FileDescriptorMetrics().bindTo(made);
    new UptimeMetrics().bindTo(made);
    collector.bindTo(made);
    MultiCollector own = this::own;
    made.getPrometheusRegistry().register(own);
    return made;
  }

  private MetricSnapshots own() {
    Family page = new Family();
    new VllmMetrics(node, page).write();
    new SampoMetrics(node, page).write();
    return new MetricSnapshots(page.all());
  }

  @Override
  public synchronized void close() {
    collector.close();
    if (registry != null) {
      registry.close();
    }
  }
}
