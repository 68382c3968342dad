package io.sampo.actors.replica;

import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.WireMessage;
import io.sampo.engines.spi.EngineSettings;

/**
 * A model as it is wanted in the cluster.
 *
 * @param engine the name of the engine that runs it
 * @param file the model's file, as a path on the engine's node
 * @param replicas how many engines are wanted
 */
public record ModelSpec(
    ModelId id, String engine, String file, EngineSettings settings, int replicas)
    implements WireMessage {}
