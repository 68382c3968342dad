/**
 * The one serializer of wire messages, on Kryo with registration required.
 *
 * <p>Invariants: nothing is deserialized by class name, a message is known by a short manifest and
 * its parts by fixed numbers; a declared size is checked against the bytes that are there before
 * anything is allocated.
 */
@NullMarked
package io.sampo.actors.serializer;

import org.jspecify.annotations.NullMarked;
