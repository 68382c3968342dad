package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeEmbedder;
import io.sampo.engines.llamacpp.jni.NativeModel;
import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.EmbeddingListener;
import io.sampo.engines.spi.EmbeddingRequest;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.KernelStats;
import io.sampo.engines.spi.KvBlocks;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceListener;
import io.sampo.engines.spi.SequenceRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A model that embeds or ranks, loaded by llama.cpp, and the loop that runs it. */
final class EmbeddingEngine implements Engine {

  private final Path file;
  private final NativeModel model;
  private final KernelStats kernels;
  private final NativeEmbedder embedder;
  private final EngineCapabilities capabilities;
  private final EmbeddingLoop loop;
  private final EngineThread thread;

  private EmbeddingEngine(
      Path file,
      NativeModel model,
      NativeEmbedder embedder,
      EngineCapabilities capabilities,
      EmbeddingChoice choice) {
    this.file = file;
    this.model = model;
    kernels = model.kernels();
    this.embedder = embedder;
    this.capabilities = capabilities;
    thread = new EngineThread(file);
    loop = new EmbeddingLoop(thread, embedder, choice);
  }

  /**
   * Loads a model that was checked and starts its thread.
   *
   * @param split what GPUs take of it
   */
  static EmbeddingEngine load(
      Path file, EngineSettings settings, EmbeddingChoice choice, GpuSplit split) {
    String kernels = KernelChoice.of(settings);
    NativeModel model = NativeModel.load(file, kernels, split.layers(), split.shares());
    KernelChoice.log(file, kernels, model);
    try {
      NativeEmbedder embedder =
          new NativeEmbedder(
              model,
              new NativeEmbedder.Settings(
                  choice.batchTokens(),
                  choice.maxInputs(),
                  choice.threads(),
                  LoadChoice.flashAttention(settings),
                  choice.pooling().number()));
      EmbeddingEngine engine =
          new EmbeddingEngine(
              file,
              model,
              embedder,
              capabilities(model, embedder, choice, split.devices()),
              choice);
      engine.thread.start(engine.loop);
      LoadedModels.add(file, model);
      return engine;
    } catch (RuntimeException failed) {
      model.close();
      throw failed;
    }
  }

  private static EngineCapabilities capabilities(
      NativeModel model, NativeEmbedder embedder, EmbeddingChoice choice, List<String> gpus) {
    return new EngineCapabilities(
        "llamacpp",
        false,
        LoadChoice.device(gpus, choice.threads()),
        choice.contextTokens(),
        choice.maxRequests(),
        model.vocabularySize(),
        0,
        false,
        false,
        choice.task(),
        embedder.vectorLength());
  }

  @Override
  public EngineCapabilities capabilities() {
    return capabilities;
  }

  @Override
  public void submit(SequenceRequest request, SequenceListener listener) {
    throw new EngineException(
        Kind.INVALID_REQUEST, "this model computes vectors and was not loaded to generate text");
  }

  @Override
  public void embed(EmbeddingRequest request, EmbeddingListener listener) {
    RequestRules.check(request, capabilities);
    loop.submit(new EmbeddingJob(request, listener));
  }

  @Override
  public CompletionStage<Void> loadAdapter(Adapter adapter) {
    return CompletableFuture.failedStage(
        new EngineException(
            Kind.INVALID_REQUEST, "a model that computes vectors takes no adapters"));
  }

  @Override
  public void allow(SequenceId sequence, int tokenLimit) {
    // Vectors have no limit that could move.
  }

  @Override
  public void cancel(SequenceId sequence) {
    loop.cancel(sequence);
  }

  @Override
  public KvBlocks kvBlocks() {
    return KvBlocks.refusing("a model that computes vectors keeps no keys and values");
  }

  @Override
  public KernelStats kernels() {
    return kernels;
  }

  @Override
  public EngineStats stats() {
    return loop.stats();
  }

  @Override
  public void close() {
    thread.close(this::interrupt, this::free);
  }

  private void interrupt() {
    LoadedModels.remove(file, model);
    embedder.interrupt();
  }

  private void free() {
    embedder.close();
    model.close();
  }
}
