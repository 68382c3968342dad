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
import org.jspecify.annotations.Nullable;

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
    return EmbeddingChoice.generates(summary, settings)
        ? Generating.of(summary, settings).plan()
        : EmbeddingChoice.of(summary, settings).plan(summary);
  }

  @Override
  public Engine load(Path model, EngineSettings settings) {
    GgufSummary summary = ModelFile.check(model);
    List<String> gpus = settings.gpuLayers() == 0 ? List.of() : NativeLibrary.gpuNames();
    long available = gpus.isEmpty() ? AvailableMemory.bytes() : Long.MAX_VALUE;
    if (EmbeddingChoice.generates(summary, settings)) {
      Generating choice = Generating.of(summary, settings);
      requireRoom(choice.plan(), available);
      return LlamaCppEngine.load(model, settings, choice.model, choice.draft, gpus);
    }
    EmbeddingChoice choice = EmbeddingChoice.of(summary, settings);
    requireRoom(choice.plan(summary), available);
    return EmbeddingEngine.load(model, settings, choice, gpus);
  }

  /**
   * Weights are mapped and may be paged out; the rest must fit, since Linux would grant it and end
   * the process later.
   */
  private static void requireRoom(LoadPlan plan, long available) {
    long needed = plan.kvBytes() + plan.computeBytes();
    if (needed > available) {
      throw new EngineException(
          Kind.OUT_OF_MEMORY,
          "a context of %d tokens for %d sequences needs %d MiB and %d MiB are available; make either smaller"
              .formatted(plan.contextTokens(), plan.maxSequences(), needed >> 20, available >> 20));
    }
  }

  /** A model that generates, and the one that guesses for it, if any. */
  private record Generating(GgufSummary summary, LoadChoice model, @Nullable DraftModel draft) {

    static Generating of(GgufSummary summary, EngineSettings settings) {
      long available = AvailableMemory.bytes();
      LoadChoice choice = LoadChoice.of(summary, settings, available);
      return new Generating(summary, choice, DraftModel.of(choice, settings, available));
    }

    LoadPlan plan() {
      LoadPlan plan = model.plan(summary);
      return draft == null ? plan : draft.with(plan);
    }
  }
}
