package io.sampo.cluster.node;

import java.time.Duration;

/**
 * Where the time of a start went, each counted from its begin. The model loads while the cluster
 * forms.
 *
 * @param system until the actor system ran
 * @param http until the endpoint was bound
 * @param firstToken until the model had produced a token and its router knew
 */
public record StartupTimes(Duration system, Duration http, Duration firstToken) {}
