/**
 * The HTTP door. It owns no request: routes decode, {@link io.sampo.actors.admission.Admission}
 * admits, a {@link io.sampo.actors.generation.Generation} answers, and what comes back is encoded
 * as JSON or server-sent events. One class for each resource.
 *
 * <p>Invariant: only {@link io.sampo.cluster.gateway.ErrorMapper} knows which HTTP status an error
 * becomes.
 */
@NullMarked
package io.sampo.cluster.gateway;

import org.jspecify.annotations.NullMarked;
