package io.sampo.engines.simulated;

import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineContract;
import io.sampo.engines.spi.EngineSettings;
import java.nio.file.Path;

class SimulatedEngineContractTest extends EngineContract {

  @Override
  protected Engine newEngine(EngineSettings settings) {
    return new SimulatedProvider().load(Path.of("none"), settings);
  }

  @Override
  protected int[] shortPrompt() {
    return new int[] {79, 110, 99, 101};
  }
}
