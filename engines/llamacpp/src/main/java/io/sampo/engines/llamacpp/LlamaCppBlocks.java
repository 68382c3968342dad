package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeContext;
import io.sampo.engines.llamacpp.jni.NativeState;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.KvBlocks;
import io.sampo.engines.spi.KvScope;
import io.sampo.engines.spi.KvSupport;
import io.sampo.kvcache.block.BlockChain;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvChain;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of one engine: checks what is asked for on the caller's thread and hands it to the
 * loop's {@link BlockExchange}. What the blocks look like is found out when it is first asked for.
 */
final class LlamaCppBlocks implements KvBlocks {

  /** What was found out; there is a format where blocks are offered. */
  private record Known(KvSupport support, @Nullable StateFormat format) {}

  private final Path file;
  private final int cells;
  private final int contextTokens;
  private final KvFormat format;
  private final StepLoop loop;
  private final Thread thread;
  private @Nullable CompletableFuture<Known> known;

  private LlamaCppBlocks(
      Path file, EngineSettings settings, LoadChoice choice, StepLoop loop, Thread thread) {
    this.file = file;
    this.loop = loop;
    this.thread = thread;
    cells = choice.contextTokens() * choice.maxSequences();
    contextTokens = choice.contextTokens();
    format = kvFormat(settings.kvType());
  }

  /**
   * The blocks of an engine.
   *
   * @param thread the loop's
   */
  static KvBlocks of(
      Path file,
      EngineSettings settings,
      LoadChoice choice,
      NativeContext context,
      StepLoop loop,
      Thread thread) {
    String refusal = refusal(settings, choice, new NativeState(context).kind());
    return refusal == null
        ? new LlamaCppBlocks(file, settings, choice, loop, thread)
        : KvBlocks.refusing(refusal);
  }

  /** Why there are no blocks, as far as it can be told before anything is computed. */
  private static @Nullable String refusal(
      EngineSettings settings, LoadChoice choice, NativeState.Kind kind) {
    if (choice.maxSequences() == NativeContext.MAX_SEQUENCES) {
      return "blocks need a sequence of their own and all %d may run; allow one less"
          .formatted(NativeContext.MAX_SEQUENCES);
    }
    return switch (kind) {
      case RECURRENT -> "a recurrent or hybrid model has no KV for each token that could be moved";
      case WINDOWED -> "a model with sliding-window attention forgets KV, so none can be moved";
      case MANY_POSITIONS -> "positions of several dimensions are not known to KV blocks";
      case SEPARATE -> "in the deterministic mode KV stays where it was computed";
      case PLAIN ->
          settings.flashAttention() == FlashAttention.OFF
              ? "without flash attention values lie across tokens; turn it on to have KV blocks"
              : null;
    };
  }

  private static KvFormat kvFormat(EngineSettings.KvType type) {
    return switch (type) {
      case F16 -> KvFormat.F16;
      case Q8_0 -> KvFormat.Q8_0;
      case Q4_0 -> KvFormat.Q4_0;
    };
  }

  @Override
  public CompletableFuture<KvSupport> support() {
    return known().thenApply(Known::support);
  }

  private synchronized CompletableFuture<Known> known() {
    CompletableFuture<Known> asked = known;
    if (asked == null || asked.isCompletedExceptionally()) {
      asked =
          CompletableFuture.supplyAsync(this::fingerprint, LlamaCppBlocks::startThread)
              .thenCompose(this::learn)
              .handle(LlamaCppBlocks::known);
      known = asked;
    }
    return asked;
  }

  /** Reading a model takes seconds, which belong to none of the threads there are. */
  private static void startThread(Runnable task) {
    Thread.ofPlatform().daemon().name("model-fingerprint").start(task);
  }

  private ModelFingerprint fingerprint() {
    try {
      return KvFingerprint.of(file, cells);
    } catch (IOException unreadable) {
      throw new EngineException(
          Kind.INTERNAL, file + " cannot be read any more: " + unreadable.getMessage(), unreadable);
    }
  }

  private CompletableFuture<StateFormat> learn(ModelFingerprint model) {
    CompletableFuture<StateFormat> answer = new CompletableFuture<>();
    loop.exchange(blocks -> blocks.learn(format, model, BlockChain.DEFAULT_BLOCK_TOKENS, answer));
    return answer;
  }

  private static Known known(@Nullable StateFormat format, @Nullable Throwable failure) {
    if (format != null) {
      return new Known(new KvSupport.Offered(format.layout()), format);
    }
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof StateFormat.UnknownStateException unknown) {
      return new Known(new KvSupport.Refused(String.valueOf(unknown.getMessage())), null);
    }
    throw cause instanceof EngineException known
        ? known
        : new EngineException(Kind.INTERNAL, "nothing is known of the KV", cause);
  }

  @Override
  public CompletableFuture<Integer> held(KvScope scope, int[] tokens) {
    CompletableFuture<Integer> answer = new CompletableFuture<>();
    int[] text = tokens.clone();
    whenOffered(
        answer, _ -> loop.exchange(blocks -> blocks.held(new Kin(null, scope), text, answer)));
    return answer;
  }

  @Override
  public CompletableFuture<List<KvBlock>> exportBlocks(
      KvScope scope, int[] tokens, int firstBlock, List<MemorySegment> into) {
    CompletableFuture<List<KvBlock>> answer = new CompletableFuture<>();
    int[] text = tokens.clone();
    List<MemorySegment> memory = List.copyOf(into);
    whenOffered(
        answer,
        known -> {
          checkShared(scope);
          checkExport(known.layout(), text, firstBlock, memory);
          Kin kin = new Kin(null, scope);
          loop.exchange(blocks -> blocks.copyOut(known, kin, text, firstBlock, memory, answer));
        });
    return answer;
  }

  @Override
  public CompletableFuture<Integer> importBlocks(KvScope scope, int[] tokens, KvChain chain) {
    CompletableFuture<Integer> answer = new CompletableFuture<>();
    int[] text = Arrays.copyOf(tokens, Math.min(tokens.length, chain.endPosition()));
    whenOffered(
        answer,
        known -> {
          checkShared(scope);
          checkImport(known.layout(), text, chain);
          Kin kin = new Kin(null, scope);
          loop.exchange(blocks -> blocks.copyIn(known, kin, text, chain, answer));
        });
    return answer;
  }

  private void whenOffered(CompletableFuture<?> answer, Consumer<StateFormat> task) {
    known()
        .thenAccept(
            known -> {
              if (known.format == null) {
                KvSupport.Refused refused = (KvSupport.Refused) known.support;
                throw new EngineException(Kind.INVALID_REQUEST, refused.reason());
              }
              task.accept(known.format);
            })
        .exceptionally(
            failure -> {
              answer.completeExceptionally(
                  failure instanceof CompletionException && failure.getCause() != null
                      ? failure.getCause()
                      : failure);
              return null;
            });
  }

  private static void checkShared(KvScope scope) {
    require(scope.shared(), "KV that is shared with nobody neither leaves nor enters");
  }

  private void checkExport(
      KvLayout layout, int[] tokens, int firstBlock, List<MemorySegment> into) {
    long end = ((long) firstBlock + into.size()) * layout.blockTokens();
    require(firstBlock >= 0, "the first block must be 0 or more, is %d".formatted(firstBlock));
    require(
        end <= tokens.length,
        "the last block ends at token %d of %d".formatted(end, tokens.length));
    for (MemorySegment block : into) {
      require(
          block.byteSize() == layout.blockBytes(),
          "a block takes %d bytes, not %d".formatted(layout.blockBytes(), block.byteSize()));
      require(!block.isReadOnly(), "a block cannot be written to memory that is read-only");
      requireReachable(block);
    }
  }

  private void checkImport(KvLayout layout, int[] tokens, KvChain chain) {
    require(chain.layout().equals(layout), "the blocks are not of this engine's layout");
    require(
        chain.endPosition() <= tokens.length,
        "the chain ends at token %d of %d".formatted(chain.endPosition(), tokens.length));
    require(
        chain.endPosition() <= contextTokens,
        "the chain ends at %d, the context at %d".formatted(chain.endPosition(), contextTokens));
    chain.blocks().forEach(block -> requireReachable(block.bytes()));
  }

  private void requireReachable(MemorySegment block) {
    require(
        block.isNative() && block.isAccessibleBy(thread),
        "a block must lie outside the Java heap, in an arena for all threads");
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw new EngineException(Kind.INVALID_REQUEST, rule);
    }
  }
}
