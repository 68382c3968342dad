/**
 * One HTTP connection and one exchange on it: who may speak, how long each side may be silent, and
 * what an error looks like. {@link io.sampo.cluster.gateway.http.ExchangeStage} owns the order of
 * exchanges on a connection and notices a client that leaves.
 *
 * <p>Invariant: only {@link io.sampo.cluster.gateway.http.ErrorMapper} knows which HTTP status an
 * error becomes.
 */
@NullMarked
package io.sampo.cluster.gateway.http;

import org.jspecify.annotations.NullMarked;
