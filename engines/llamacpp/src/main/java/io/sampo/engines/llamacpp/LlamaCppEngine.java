package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeContext;
import io.sampo.engines.llamacpp.jni.NativeModel;
import io.sampo.engines.llamacpp.speculation.NgramProposer;
import io.sampo.engines.llamacpp.speculation.Proposer;
import io.sampo.engines.llamacpp.speculation.Speculation;
import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.EmbeddingListener;
import io.sampo.engines.spi.EmbeddingRequest;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.Grammar;
import io.sampo.engines.spi.KernelStats;
import io.sampo.engines.spi.KvBlocks;
import io.sampo.engines.spi.ModelTask;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceListener;
import io.sampo.engines.spi.SequenceRequest;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One model loaded by llama.cpp: what was loaded, and the loop that runs it on its own thread. */
final class LlamaCppEngine implements Engine {

  private static final Logger LOG = LoggerFactory.getLogger(LlamaCppEngine.class);

  private final Path file;
  private final NativeModel model;
  private final KernelStats kernels;
  private final NativeContext context;
  private final EngineCapabilities capabilities;
  private final Speculation speculation;
  private final StepLoop loop;
  private final EngineThread thread;
  private final KvBlocks blocks;

  private LlamaCppEngine(
      Path file,
      NativeModel model,
      NativeContext context,
      EngineCapabilities capabilities,
      Speculation speculation,
      EngineSettings settings,
      LoadChoice choice) {
    this.file = file;
    this.model = model;
    kernels = model.kernels();
    this.context = context;
    this.capabilities = capabilities;
    this.speculation = speculation;
    StepLoop.Mode mode = mode(settings, choice, capabilities.reusesPrefixes(), speculation);
    thread = new EngineThread(file);
    loop = new StepLoop(thread, model, context, capabilities, mode);
    blocks = LlamaCppBlocks.of(file, settings, choice, context, loop, thread.thread());
  }

  /**
   * Loads a model that was checked and starts its thread.
   *
   * @param draft the model that guesses for it, if any
   * @param split what GPUs take of it
   */
  static LlamaCppEngine load(
      Path file,
      EngineSettings settings,
      LoadChoice choice,
      @Nullable DraftModel draft,
      GpuSplit split) {
    NativeModel model = NativeModel.load(file, choice.kernels(), split.layers(), split.shares());
    KernelChoice.log(file, choice.kernels(), model);
    try {
      NativeContext context = new NativeContext(model, contextSettings(settings, choice));
      try {
        requireCuts(context, choice, file);
        Proposer proposer = proposer(draft, model, context, settings, split.beside());
        boolean reuses = context.cutsAnywhere() && !settings.deterministic();
        LlamaCppEngine engine =
            new LlamaCppEngine(
                file,
                model,
                context,
                capabilities(model, choice, split.devices(), reuses, !settings.deterministic()),
                speculation(choice, model, proposer),
                settings,
                choice);
        engine.thread.start(engine.loop);
        LoadedModels.add(file, model);
        return engine;
      } catch (RuntimeException failed) {
        context.close();
        throw failed;
      }
    } catch (RuntimeException failed) {
      model.close();
      throw failed;
    }
  }

  private static Proposer proposer(
      @Nullable DraftModel draft,
      NativeModel model,
      NativeContext context,
      EngineSettings settings,
      int gpuLayers) {
    return draft == null
        ? new NgramProposer()
        : draft.open(model, context, contextSettings(settings, draft.choice()), gpuLayers);
  }

  /** What was drafted and does not stand must be forgotten. */
  private static void requireCuts(NativeContext context, LoadChoice choice, Path file) {
    if (choice.speculation().isOn() && !context.cutsAnywhere()) {
      throw new EngineException(
          Kind.MODEL_REJECTED,
          file
              + ": the state of recurrent, hybrid and sliding-window models cannot be cut, which"
              + " speculation needs; serve it without");
    }
  }

  private static Speculation speculation(LoadChoice choice, NativeModel model, Proposer proposer) {
    BitSet endTokens = new BitSet();
    Arrays.stream(model.endTokens()).forEach(endTokens::set);
    return new Speculation(
        proposer,
        new Speculation.Bounds(
            choice.speculation().isOn() ? choice.speculation().draftTokens() : 0,
            choice.speculation().stepTokens(choice.maxSequences()),
            Math.min(choice.batchTokens(), StepPlanner.TILE_ROWS - 1),
            choice.contextTokens(),
            endTokens));
  }

  private static StepLoop.Mode mode(
      EngineSettings settings, LoadChoice choice, boolean shares, Speculation speculation) {
    // One number is the block exchange's, if there are more than may run.
    int numbers =
        shares
            ? Math.max(NativeContext.MAX_SEQUENCES - 1, choice.maxSequences())
            : choice.maxSequences();
    long cells = (long) choice.contextTokens() * choice.maxSequences();
    return new StepLoop.Mode(
        new PrefixCache.Bounds(
            numbers, cells, Math.min(choice.retainTokens(), cells), choice.rowCells(), shares),
        new StepPlanner.Rules(
            choice.batchTokens(), choice.interTokenMillis(), settings.deterministic()),
        speculation);
  }

  /**
   * Sequences share one pool of cells, so that a common beginning can be shared without a copy. In
   * the deterministic mode each has its own, so that its answer does not depend on where the
   * others' cells lie.
   */
  private static NativeContext.Settings contextSettings(
      EngineSettings settings, LoadChoice choice) {
    return new NativeContext.Settings(
        Math.multiplyExact(choice.contextTokens(), choice.maxSequences()),
        choice.maxSequences(),
        choice.batchTokens(),
        choice.ubatchTokens(),
        choice.speculation().stepTokens(choice.maxSequences()),
        choice.threads(),
        LoadChoice.ggmlType(settings.kvType()).id(),
        LoadChoice.flashAttention(settings),
        !settings.deterministic());
  }

  private static EngineCapabilities capabilities(
      NativeModel model,
      LoadChoice choice,
      List<String> gpus,
      boolean reusesPrefixes,
      boolean preempts) {
    return new EngineCapabilities(
        "llamacpp",
        false,
        LoadChoice.device(gpus, choice.threads()),
        choice.contextTokens(),
        choice.maxSequences(),
        model.vocabularySize(),
        choice.kvBytesPerToken(),
        reusesPrefixes,
        preempts,
        ModelTask.GENERATE,
        0);
  }

  @Override
  public EngineCapabilities capabilities() {
    return capabilities;
  }

  @Override
  public void submit(SequenceRequest request, SequenceListener listener) {
    RequestRules.check(request, capabilities);
    Grammar grammar = request.sampling().grammar();
    if (grammar != null) {
      // Here, so that a long compilation stands still on nobody's running stream.
      model.compile(grammar);
    }
    Sequence sequence = new Sequence(request, listener);
    if (request.adapter() != null) {
      loop.adapters().enter(request.adapter(), sequence);
    }
    try {
      loop.submit(sequence);
    } catch (EngineException refused) {
      sequence.leaveAdapter();
      throw refused;
    }
  }

  @Override
  public CompletionStage<Void> loadAdapter(Adapter adapter) {
    return CompletableFuture.supplyAsync(
            () -> AdapterFile.check(adapter, file, AvailableMemory.bytes()),
            task -> Thread.ofVirtual().name("adapter-" + adapter.name()).start(task))
        .thenCompose(
            summary -> {
              LOG.info("adapter {} changes {} matrices", adapter.name(), summary.matrices());
              return loop.adapters().load(adapter);
            });
  }

  @Override
  public CompletionStage<Void> unloadAdapter(String name) {
    return loop.adapters().unload(name);
  }

  @Override
  public void embed(EmbeddingRequest request, EmbeddingListener listener) {
    throw new EngineException(
        Kind.INVALID_REQUEST, "this model generates text and was not loaded to embed");
  }

  @Override
  public void allow(SequenceId sequence, int tokenLimit) {
    loop.allow(sequence, tokenLimit);
  }

  @Override
  public void cancel(SequenceId sequence) {
    loop.cancel(sequence);
  }

  @Override
  public KvBlocks kvBlocks() {
    return blocks;
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
    context.interrupt();
    speculation.interrupt();
  }

  private void free() {
    speculation.close();
    context.close();
    loop.adapters().close();
    model.close();
  }
}
