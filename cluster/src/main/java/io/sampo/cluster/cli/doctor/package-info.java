/**
 * What can be known of a machine before a model is served on it. {@link
 * io.sampo.cluster.cli.doctor.Doctor} runs the checks one after another; each looks and changes
 * nothing.
 *
 * <p>Invariant: a {@link io.sampo.cluster.cli.doctor.Check} that is not OK says what to do.
 */
@NullMarked
package io.sampo.cluster.cli.doctor;

import org.jspecify.annotations.NullMarked;
