/**
 * A node's figures as Prometheus reads them. {@link io.sampo.ops.metrics.MetricsPage} makes the
 * page; {@link io.sampo.ops.metrics.NodeFigures} is what it is made of, which is what every other
 * door shows too.
 *
 * <p>Names that begin with {@code vllm:} mean what they mean in vLLM: a gateway's requests, so that
 * its dashboards and the pickers of the Gateway API's inference extension work. What engines,
 * caches and nodes do is told once, by the node that does it, under {@code sampo_}.
 *
 * <p>Invariant: labels take models, replicas, tiers, error codes and reasons of routing for values,
 * of which there are few; never what a client sends.
 */
@NullMarked
package io.sampo.ops.metrics;

import org.jspecify.annotations.NullMarked;
