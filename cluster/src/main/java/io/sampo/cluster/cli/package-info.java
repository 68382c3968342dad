/**
 * The start script's verbs. {@link io.sampo.cluster.cli.Sampo} is the main class; a verb is one
 * class. Verbs read the process only through {@link io.sampo.cluster.cli.Surroundings}.
 *
 * <p>Invariant: exit code 0 means done, 1 failed, 2 asked wrongly; both of the latter say so in one
 * line on standard error that tells what to do.
 */
@NullMarked
package io.sampo.cluster.cli;

import org.jspecify.annotations.NullMarked;
