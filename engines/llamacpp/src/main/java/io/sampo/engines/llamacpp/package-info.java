/**
 * Runs GGUF models with llama.cpp, which computes steps and knows nothing of requests: {@link
 * io.sampo.engines.llamacpp.StepLoop} makes an engine of it. Each turn of the loop takes in new
 * sequences, computes what the {@link io.sampo.engines.llamacpp.Lineup} has planned in one native
 * call and tells the listeners. Sequences with a common beginning share its cells, while they run
 * and after; {@link io.sampo.engines.llamacpp.PrefixCache} knows who holds what.
 *
 * <p>State: one loop, one thread and one native context for each engine. Other threads reach a
 * running sequence only through two volatile fields of {@link io.sampo.engines.llamacpp.Sequence}.
 *
 * <p>Invariant: native code sees only what was checked here: files by the model store's validator,
 * requests by {@link io.sampo.engines.llamacpp.RequestRules}.
 */
@NullMarked
package io.sampo.engines.llamacpp;

import org.jspecify.annotations.NullMarked;
