/**
 * What a request wants its answer to be: a JSON schema, a grammar, tools to call. Read from the
 * request and checked before native code turns it into a grammar, because that code neither ends
 * early nor survives what it does not expect.
 *
 * <p>Holds no state. Invariant: a schema that leaves here is converted in bounded time and stack,
 * and its patterns mean the same to the converter as to JSON Schema.
 */
@NullMarked
package io.sampo.cluster.gateway.constraint;

import org.jspecify.annotations.NullMarked;
