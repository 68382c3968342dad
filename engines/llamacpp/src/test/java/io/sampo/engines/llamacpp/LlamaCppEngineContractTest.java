package io.sampo.engines.llamacpp;

import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineContract;
import io.sampo.engines.spi.EngineSettings;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class LlamaCppEngineContractTest extends EngineContract {

  @TempDir private static Path folder;
  private static Path model = Path.of("");

  @BeforeAll
  static void write() throws IOException {
    model = TestModels.tiny(folder);
  }

  @Override
  protected Engine newEngine(EngineSettings settings) {
    EngineSettings oneThread =
        new EngineSettings(
            settings.contextTokens(),
            settings.maxSequences(),
            1,
            0,
            settings.kvType(),
            settings.flashAttention(),
            settings.deterministic(),
            settings.options());
    return new LlamaCppProvider().load(model, oneThread);
  }

  @Override
  protected int[] shortPrompt() {
    return new int[] {1, 300, 410, 333, 290};
  }
}
