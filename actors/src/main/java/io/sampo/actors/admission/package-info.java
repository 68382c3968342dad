/**
 * The door of a gateway node. {@link io.sampo.actors.admission.Admission} owns the permits: a
 * request gets one and a {@link io.sampo.actors.generation.Generation} (or, for vectors, an {@link
 * io.sampo.actors.embedding.Embedding}) of its own, or an honest refusal at once.
 *
 * <p>Invariant: never more generations than permits, and every permit comes back when its
 * generation ends.
 */
@NullMarked
package io.sampo.actors.admission;

import org.jspecify.annotations.NullMarked;
