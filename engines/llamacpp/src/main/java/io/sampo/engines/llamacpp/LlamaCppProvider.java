package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.GpuSplit.Gpu;
import io.sampo.engines.llamacpp.jni.NativeLibrary;
import io.sampo.engines.modelstore.gguf.GgufSummary;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.KernelOffer;
import io.sampo.engines.spi.LoadPlan;
import io.sampo.engines.spi.TextCodec;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
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
  public KernelOffer kernels() {
    return NativeLibrary.kernels();
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
    List<Gpu> gpus = settings.gpuLayers() == 0 ? List.of() : gpus();
    if (EmbeddingChoice.generates(summary, settings)) {
      Generating choice = Generating.of(summary, settings);
      GpuSplit split = split(summary, choice.plan(), settings, gpus);
      return LlamaCppEngine.load(model, settings, choice.model, choice.draft, split);
    }
    EmbeddingChoice choice = EmbeddingChoice.of(summary, settings);
    GpuSplit split = split(summary, choice.plan(summary), settings, gpus);
    return EmbeddingEngine.load(model, settings, choice, split);
  }

  private static GpuSplit split(
      GgufSummary model, LoadPlan plan, EngineSettings settings, List<Gpu> gpus) {
    float[] shares = GpuSplit.shares(settings.options(), gpus.size());
    GpuSplit split = GpuSplit.of(model, plan, gpus, settings.gpuLayers(), shares);
    if (split.layers() == 0) {
      requireRoom(plan, AvailableMemory.bytes());
    }
    return split;
  }

  private static List<Gpu> gpus() {
    List<String> names = NativeLibrary.gpuNames();
    long[] free = NativeLibrary.freeGpuBytes();
    return IntStream.range(0, free.length)
        .mapToObj(i -> new Gpu(i < names.size() ? names.get(i) : "GPU", free[i]))
        .toList();
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
