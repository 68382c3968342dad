/**
 * The operators' command line, {@code ops/bin/console}. {@link io.sampo.ops.console.Console}
 * chooses the verb; {@link io.sampo.ops.console.Verbs} are what can be asked and done; {@link
 * io.sampo.ops.console.Connection} is the way to a node's {@link io.sampo.ops.admin.AdminApi} over
 * JMX, by process id on this machine or over the network.
 *
 * <p>Invariant: nothing is changed without a terminal's yes or {@code --yes}, where it destroys
 * something; what fails leaves an exit code that is not 0 and one line that says what to do.
 */
@NullMarked
package io.sampo.ops.console;

import org.jspecify.annotations.NullMarked;
