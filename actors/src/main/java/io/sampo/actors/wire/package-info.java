/**
 * What crosses nodes: the marker of wire messages, the ids and errors they carry, and their one
 * Kryo serializer.
 *
 * <p>Invariant: nothing is deserialized by class name. A message is known by a short manifest, its
 * fields by registered numbers, and declared sizes are checked against the bytes that are there.
 */
@NullMarked
package io.sampo.actors.wire;

import org.jspecify.annotations.NullMarked;
