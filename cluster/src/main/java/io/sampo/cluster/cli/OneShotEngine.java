package io.sampo.cluster.cli;

import io.sampo.cluster.cli.settings.Flags;
import io.sampo.cluster.cli.settings.Layers;
import io.sampo.cluster.cli.settings.ServeSettings;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.KvSupport;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceListener;
import io.sampo.engines.spi.SequenceRequest;
import io.sampo.engines.spi.TextCodec;
import io.sampo.engines.spi.TokenLogprobs;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvLayout;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An engine without a node, that computes texts one after another and gives their KV. */
final class OneShotEngine implements AutoCloseable {

  private static final int LONGEST_MINUTES = 30;

  private final Engine engine;
  private final TextCodec text;
  private long sequences;

  private OneShotEngine(Engine engine, TextCodec text) {
    this.engine = engine;
    this.text = text;
  }

  /**
   * Loads a model with the flags that were given.
   *
   * @param model as a person wrote it, if at all
   */
  static OneShotEngine load(Surroundings surroundings, Layers layers, @Nullable String model)
      throws IOException, InterruptedException {
    EngineProvider provider = Engines.named(layers.text(Flags.ENGINE, "llamacpp"), layers);
    LocalModel local =
        provider.simulated()
            ? LocalModel.simulated(Optional.ofNullable(model))
            : new ModelShelf(surroundings, layers.dataFolder())
                .obtain(model == null ? ModelShelf.DEFAULT : model);
    Engine engine = provider.load(local.file(), keepingAll(ServeSettings.engineSettings(layers)));
    return new OneShotEngine(engine, provider.openText(local.file()));
  }

  /** One sequence at a time, which stays until its KV is taken. */
  private static EngineSettings keepingAll(EngineSettings asked) {
    Map<String, String> options = new TreeMap<>(asked.options());
    options.put("retain-tokens", "1000000");
    return new EngineSettings(
        asked.contextTokens(),
        1,
        asked.threads(),
        asked.gpuLayers(),
        asked.kvType(),
        asked.flashAttention(),
        asked.deterministic(),
        options);
  }

  TextCodec text() {
    return text;
  }

  int vocabulary() {
    return engine.capabilities().vocabularySize();
  }

  /** What its blocks look like. */
  KvLayout layout() {
    return switch (await(engine.kvBlocks().support())) {
      case KvSupport.Offered offered -> offered.layout();
      case KvSupport.Refused refused -> throw new FailedException(refused.reason());
    };
  }

  /**
   * Computes a text.
   *
   * @return the blocks of its whole blocks of tokens
   */
  List<KvBlock> blocks(int[] ids, KvLayout layout, Arena arena) {
    CompletableFuture<FinishReason> end = new CompletableFuture<>();
    SequenceId id = new SequenceId(sequences++);
    engine.submit(new SequenceRequest(id, ids, 0, 1, 1, Sampling.GREEDY), new End(end));
    await(end);
    List<MemorySegment> into = new ArrayList<>();
    for (int block = 0; block < ids.length / layout.blockTokens(); block++) {
      into.add(arena.allocate(layout.blockBytes(), 64));
    }
    List<KvBlock> blocks = await(engine.kvBlocks().exportBlocks(ids, 0, into));
    if (blocks.size() < into.size()) {
      throw new FailedException("the engine did not keep all of a text of " + ids.length);
    }
    return blocks;
  }

  /** Hears of nothing but the end. */
  private record End(CompletableFuture<FinishReason> reason) implements SequenceListener {

    @Override
    public void onStarted(int cachedTokens) {}

    @Override
    public void onTokens(int firstIndex, int[] ids, TokenLogprobs @Nullable [] logprobs) {}

    @Override
    public void onFinished(FinishReason finished) {
      reason.complete(finished);
    }

    @Override
    public void onFailed(EngineException failure) {
      reason.completeExceptionally(failure);
    }
  }

  private static <T> T await(CompletableFuture<T> answer) {
    try {
      return answer.orTimeout(LONGEST_MINUTES, TimeUnit.MINUTES).join();
    } catch (CompletionException failed) {
      Throwable cause = failed.getCause() == null ? failed : failed.getCause();
      throw new FailedException(String.valueOf(cause.getMessage()), cause);
    }
  }

  @Override
  public void close() {
    text.close();
    engine.close();
  }
}
