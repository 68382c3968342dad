/**
 * The HTTP door. It owns no request: routes decode, {@link io.sampo.actors.admission.Admission}
 * admits, a {@link io.sampo.actors.generation.Generation} (or, for vectors, an {@link
 * io.sampo.actors.embedding.Embedding}) answers, and what comes back is encoded as JSON or
 * server-sent events. One class for each resource; {@link io.sampo.cluster.gateway.Dispatcher}
 * chooses among them.
 *
 * <p>Reading order: {@code http} is one connection and one exchange on it, {@code json} reads and
 * writes, {@code decode} makes a request of a body with {@code constraint} for what its answer must
 * be, {@code answer} makes an answer of events.
 *
 * <p>Invariant: only {@link io.sampo.cluster.gateway.http.ErrorMapper} knows which HTTP status an
 * error becomes.
 */
@NullMarked
package io.sampo.cluster.gateway;

import org.jspecify.annotations.NullMarked;
