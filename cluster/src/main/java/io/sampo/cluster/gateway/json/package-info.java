/**
 * JSON in and out of the HTTP door. Reading is strict and says where a text is wrong; writing goes
 * straight to bytes because it happens for every token.
 *
 * <p>Invariant: nothing that {@link io.sampo.cluster.gateway.json.StrictJson} lets through is
 * ambiguous (no duplicate names, lone surrogates or infinite numbers).
 */
@NullMarked
package io.sampo.cluster.gateway.json;

import org.jspecify.annotations.NullMarked;
