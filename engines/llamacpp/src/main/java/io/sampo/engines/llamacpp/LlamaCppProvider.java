package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeLibrary;
import io.sampo.engines.modelstore.gguf.GgufSummary;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.LoadPlan;
import io.sampo.engines.spi.TextCodec;
import java.nio.file.Path;
import java.util.List;

/** Runs GGUF files with llama.cpp, on the CPU or a GPU. */
public final class LlamaCppProvider implements EngineProvider {

  @Override
  public String name() {
    return "llamacpp";
  }

  @Override
  public boolean simulated() {
    return false;
  }

  @Override
  public TextCodec openText(Path model) {
    return LlamaCppText.open(model, ModelFile.check(model));
  }

  @Override
  public LoadPlan plan(Path model, EngineSettings settings) {
    GgufSummary summary = ModelFile.check(model);
    return LoadChoice.of(summary, settings, AvailableMemory.bytes()).plan(summary);
  }

  @Override
  public Engine load(Path model, EngineSettings settings) {
    GgufSummary summary = ModelFile.check(model);
    long available = AvailableMemory.bytes();
    LoadChoice choice = LoadChoice.of(summary, settings, available);
    List<String> gpus = settings.gpuLayers() == 0 ? List.of() : NativeLibrary.gpuNames();
    if (gpus.isEmpty()) {
      requireRoom(choice, available);
    }
    return LlamaCppEngine.load(model, settings, choice, gpus);
  }

  /**
   * Weights are mapped and may be paged out; the rest must fit, since Linux would grant it and end
   * the process later.
   */
  private static void requireRoom(LoadChoice choice, long available) {
    long needed = choice.kvBytes() + choice.computeBytes();
    if (needed > available) {
      throw new EngineException(
          Kind.OUT_OF_MEMORY,
          "a context of %d tokens for %d sequences needs %d MiB and %d MiB are available; make either smaller"
              .formatted(
                  choice.contextTokens(), choice.maxSequences(), needed >> 20, available >> 20));
    }
  }
}
