/**
 * The node's clock. {@link io.sampo.cluster.clock.WakingScheduler} runs Pekko's timers and ours,
 * and sleeps while nothing is due: on a small machine the engine needs the cores, and every wake-up
 * takes from its caches too.
 */
@NullMarked
package io.sampo.cluster.clock;

import org.jspecify.annotations.NullMarked;
