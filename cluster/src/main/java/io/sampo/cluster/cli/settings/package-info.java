/**
 * Where a setting's value comes from. A {@link io.sampo.cluster.cli.settings.Flag} is one name with
 * three spellings: {@code --ctx-size} on the command line, {@code SAMPO_CTX_SIZE} in the
 * environment, {@code ctx-size} in the file; {@link io.sampo.cluster.cli.settings.Layers} joins the
 * three and {@link io.sampo.cluster.cli.settings.ServeSettings} is the checked result.
 *
 * <p>Invariant: command line over environment over file over default, and a refused value is named
 * with the place it was written in.
 */
@NullMarked
package io.sampo.cluster.cli.settings;

import org.jspecify.annotations.NullMarked;
