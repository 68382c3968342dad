/**
 * Runs GGUF models with llama.cpp, which computes steps and knows nothing of requests: {@link
 * io.sampo.engines.llamacpp.StepLoop} makes an engine of it. Each turn of the loop takes in new
 * sequences, lets {@link io.sampo.engines.llamacpp.StepPlanner} choose what to compute, computes it
 * in one native call and tells the listeners. A sequence keeps its KV in a slot of {@link
 * io.sampo.engines.llamacpp.Slots}; what it leaves there, a later one with the same beginning
 * reuses.
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
