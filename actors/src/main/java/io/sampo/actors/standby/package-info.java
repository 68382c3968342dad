/**
 * What it takes to go on with a stream whose gateway has died or whose client has lost its
 * connection. One {@link io.sampo.actors.standby.Standby} on each gateway keeps a {@link
 * io.sampo.actors.standby.StreamRecord} of every stream that runs there and a copy of it on another
 * gateway; any gateway finds either and goes on from it.
 *
 * <p>Invariants: a record holds no token that its generation has not emitted; records are bounded
 * in bytes and in time, and losing one costs the stream's resuming and nothing else.
 */
@NullMarked
package io.sampo.actors.standby;

import org.jspecify.annotations.NullMarked;
