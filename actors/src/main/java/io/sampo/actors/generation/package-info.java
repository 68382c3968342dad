/**
 * A request's life in the cluster. One {@link io.sampo.actors.generation.Generation} actor for each
 * request owns its prompts' ids, what each of its answers has emitted, the tails that may still
 * become a stop string or a UTF-8 character, and the deadline; it places its sequences, resumes
 * them when a replica is lost, and turns tokens into text.
 *
 * <p>Invariants: a request ends in exactly one of {@code Completed} and {@code Failed}; a token
 * reaches the client at most once and in order; one of an earlier epoch never.
 */
@NullMarked
package io.sampo.actors.generation;

import org.jspecify.annotations.NullMarked;
