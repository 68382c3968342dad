/**
 * The decisions of router, scheduler, index and generation together under one seed: {@link
 * io.sampo.actors.simulation.ClusterSimulation}.
 */
@NullMarked
package io.sampo.actors.simulation;

import org.jspecify.annotations.NullMarked;
