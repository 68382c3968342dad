/**
 * Speculative decoding (Leviathan, Kalman, Matias 2023: Fast Inference from Transformers via
 * Speculative Decoding): tokens that are likely to come next are guessed cheaply and computed
 * together with the token that is due, so that one step can give several.
 *
 * <p>It is exact for every way of sampling, without an acceptance test of its own: our draw depends
 * on seed, choice and token index alone, so the model's own choice is made after each drafted token
 * as it would be made without drafts, and a drafted token stands if it is what was chosen before
 * it. The first that is not ends the draft. What is chosen there is the answer's next token.
 *
 * <p>{@link io.sampo.engines.llamacpp.speculation.Speculation} decides how much to draft, a {@link
 * io.sampo.engines.llamacpp.speculation.Proposer} what, from the text itself or with a small model;
 * a {@link io.sampo.engines.llamacpp.speculation.Draft} keeps one sequence's guesses and how often
 * they were right.
 *
 * <p>Invariant: between two steps nothing of a draft is left but its record: a drafted token is
 * part of the sequence or is forgotten, and so are its cells.
 */
@NullMarked
package io.sampo.engines.llamacpp.speculation;

import org.jspecify.annotations.NullMarked;
