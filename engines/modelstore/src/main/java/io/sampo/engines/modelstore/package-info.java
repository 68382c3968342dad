/**
 * Model files: read and checked ({@link io.sampo.engines.modelstore.gguf}), downloaded ({@link
 * io.sampo.engines.modelstore.download}), kept ({@link io.sampo.engines.modelstore.store}), and
 * made ({@link io.sampo.engines.modelstore.stories}, {@link
 * io.sampo.engines.modelstore.synthetic}).
 *
 * <p>This package itself holds only the exception they share. Invariant of the whole module: a file
 * that has not been verified is never visible under a model's name.
 */
@NullMarked
package io.sampo.engines.modelstore;

import org.jspecify.annotations.NullMarked;
