/**
 * A language model that is a hash function: the next token follows from a seed and the tokens
 * before it and from nothing else, so whoever knows a prompt can say its answer beforehand. {@link
 * io.sampo.engines.simulated.model.SimulatedModel} is the model, {@link
 * io.sampo.engines.simulated.model.SimulatedText} its tokenizer and chat format.
 *
 * <p>Everything here is pure and owns no state.
 *
 * <p>Invariant: a prompt followed by the first tokens of its answer has the rest of that answer as
 * its own.
 */
@NullMarked
package io.sampo.engines.simulated.model;

import org.jspecify.annotations.NullMarked;
