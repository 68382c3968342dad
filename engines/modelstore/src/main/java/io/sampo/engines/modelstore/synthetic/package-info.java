/**
 * Models of a true shape with random weights, for benchmarks and tests: how fast a model runs does
 * not depend on the values of its weights.
 *
 * <p>{@link io.sampo.engines.modelstore.synthetic.SyntheticModel} is the way in, and {@link
 * io.sampo.engines.modelstore.synthetic.SyntheticEncoder} for models that embed. The package owns
 * no state. Invariant: the same shape, vocabulary, number format and seed give the same file.
 */
@NullMarked
package io.sampo.engines.modelstore.synthetic;

import org.jspecify.annotations.NullMarked;
