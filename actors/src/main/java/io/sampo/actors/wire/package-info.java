/**
 * What messages between nodes are made of: the marker of a wire message, ids, and errors as values.
 * The messages themselves stand in the actors that take them; their bytes are made in {@link
 * io.sampo.actors.serializer}.
 */
@NullMarked
package io.sampo.actors.wire;

import org.jspecify.annotations.NullMarked;
