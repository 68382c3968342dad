/**
 * An engine without a model, for tests, planning and benchmarks of everything above an engine. It
 * names itself as simulated wherever it shows: in its name, its device, its log and the texts it
 * writes.
 *
 * <p>Its tokens come from {@link io.sampo.engines.simulated.model.SimulatedModel}, its speed from a
 * {@link io.sampo.engines.simulated.DeviceProfile}, its steps from {@link
 * io.sampo.engines.simulated.SimulatedStepper}, which batches continuously as a real engine does
 * and knows neither threads nor clocks. {@link io.sampo.engines.simulated.SimulatedEngine} is the
 * shell around it: it takes requests from any thread, breaks, hangs and slows down on command, and
 * lets a {@link io.sampo.engines.simulated.StepTime} say when a step is over: a clock, or the test.
 *
 * <p>State: the running sequences and the retained prefixes, both on the engine's thread alone.
 *
 * <p>Invariant: each accepted sequence hears {@code onStarted} and then ends exactly once, whatever
 * is commanded.
 */
@NullMarked
package io.sampo.engines.simulated;

import org.jspecify.annotations.NullMarked;
