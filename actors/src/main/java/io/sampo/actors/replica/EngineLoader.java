package io.sampo.actors.replica;

import io.sampo.engines.spi.Engine;
import java.util.concurrent.CompletionStage;

/**
 * Loads engines on threads of its own. A node may begin a load before the cluster asks for it; a
 * replica then takes it over.
 */
public interface EngineLoader {

  /**
   * Loads a model, or hands over the load that has begun.
   *
   * @return fails with {@link io.sampo.engines.spi.EngineException}; the engine belongs to the
   *     caller, who closes it
   */
  CompletionStage<Engine> load(ModelSpec spec);
}
