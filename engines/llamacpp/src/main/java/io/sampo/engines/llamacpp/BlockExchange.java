package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeContext;
import io.sampo.engines.llamacpp.jni.NativeState;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvChain;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Moves KV blocks out of and into the native context between two steps, a piece at a time and for a
 * bounded time in each turn of the loop, so that running sequences wait for no more than that.
 *
 * <p>A piece goes through memory that is used again and again and is small enough to stay in the
 * processor's caches: llama.cpp writes or reads a state there, {@link StateFormat} makes blocks of
 * it or it of blocks. Between two pieces anything may happen to what is held; each piece asks
 * {@link PrefixCache} anew.
 */
final class BlockExchange {

  /** As many tasks wait at most; one more is refused. Enough for a few of every sequence. */
  static final int MAX_WAITING = 1024;

  /** A piece has so many bytes, or one block where that is more. */
  private static final int PIECE_BYTES = 8 << 20;

  /** Of what leaves, for which nobody waits, a piece is smaller and the only one of its turn. */
  private static final int LEAVING_PIECE_BYTES = 4 << 20;

  /** In one turn of the loop no new piece begins after this. */
  private static final long TURN_NANOS = Duration.ofMillis(10).toNanos();

  /** Enough for one cell of any model beside its rows. */
  private static final int CELL_HEAD_BYTES = 1 << 16;

  /** Something to be moved; belongs to the queue and then to the engine's thread. */
  private abstract static class Task<T> {
    final CompletableFuture<T> answer;

    Task(CompletableFuture<T> answer) {
      this.answer = answer;
    }

    /** Moves a piece; completes the answer with the last one. */
    abstract void move();

    /** Whether the running sequences go before it. */
    boolean canWait() {
      return false;
    }

    /** No more will be moved. */
    void leave() {}
  }

  private final NativeContext context;
  private final NativeState state;
  private final PrefixCache cache;
  private final int carrier;
  private final long cellBytes;
  private final Runnable beforeAnswer;
  private final AtomicLong importsAsked = new AtomicLong();
  private final AtomicLong importsEnded = new AtomicLong();
  private final Queue<Task<?>> waiting = new ArrayBlockingQueue<>(MAX_WAITING);
  private @Nullable Task<?> current;
  private @Nullable MemorySegment memory;

  /**
   * @param carrier a sequence's number that nothing else uses
   * @param cellBytes at least the bytes of one token's KV
   * @param beforeAnswer done when what is held may have changed and somebody is about to hear of it
   */
  BlockExchange(
      NativeContext context,
      PrefixCache cache,
      int carrier,
      long cellBytes,
      Runnable beforeAnswer) {
    this.context = context;
    this.cache = cache;
    this.carrier = carrier;
    this.cellBytes = cellBytes;
    this.beforeAnswer = beforeAnswer;
    state = new NativeState(context);
  }

  // For any thread.

  /** Learns how the context keeps its KV. */
  void learn(
      KvFormat format,
      ModelFingerprint model,
      int blockTokens,
      CompletableFuture<StateFormat> answer) {
    add(
        new Task<>(answer) {
          @Override
          void move() {
            try {
              answer.complete(StateFormat.learn(oneCell(), format, model, blockTokens));
            } catch (StateFormat.UnknownStateException unknown) {
              answer.completeExceptionally(unknown);
            }
          }
        });
  }

  /** Looks how many tokens are held. */
  void held(Kin kin, int[] tokens, CompletableFuture<Integer> answer) {
    add(
        new Task<>(answer) {
          @Override
          void move() {
            answer.complete(cache.held(kin, tokens, tokens.length + 1));
          }
        });
  }

  /** Copies blocks out; arguments are checked. */
  void copyOut(
      StateFormat format,
      Kin kin,
      int[] tokens,
      int firstBlock,
      List<MemorySegment> into,
      CompletableFuture<List<KvBlock>> answer) {
    add(new Export(format, kin, tokens, firstBlock, into, answer));
  }

  /** Copies blocks in; arguments are checked. */
  void copyIn(
      StateFormat format, Kin kin, int[] tokens, KvChain chain, CompletableFuture<Integer> answer) {
    importsAsked.incrementAndGet();
    CompletableFuture<?> _ = answer.whenComplete((_, _) -> importsEnded.incrementAndGet());
    add(new Import(format, kin, tokens, chain, answer));
  }

  /** How many imports were asked for so far. */
  long importsAsked() {
    return importsAsked.get();
  }

  /** How many of them have ended, one way or another. */
  long importsEnded() {
    return importsEnded.get();
  }

  private void add(Task<?> task) {
    if (!waiting.offer(task)) {
      task.answer.completeExceptionally(
          new EngineException(
              Kind.FULL, "%d transfers of blocks are waiting already".formatted(MAX_WAITING)));
    }
  }

  /** Fails what waits. */
  void failWaiting(EngineException reason) {
    for (Task<?> next = waiting.poll(); next != null; next = waiting.poll()) {
      next.answer.completeExceptionally(reason);
    }
  }

  // The engine's thread.

  /** Moves pieces for a bounded time; false when there is nothing to move. */
  boolean turn() {
    long began = System.nanoTime();
    boolean moved = false;
    for (Task<?> task = next(); task != null; task = next()) {
      if (moved && (task.canWait() || System.nanoTime() - began >= TURN_NANOS)) {
        return true;
      }
      movePiece(task);
      moved = true;
    }
    return moved;
  }

  /** The task at hand or the next one that somebody still wants. */
  private @Nullable Task<?> next() {
    Task<?> task = current == null ? waiting.poll() : current;
    while (task != null && task.answer.isDone()) {
      task.leave();
      task = waiting.poll();
    }
    current = task;
    return task;
  }

  private static void movePiece(Task<?> task) {
    try {
      task.move();
    } catch (EngineException failure) {
      task.answer.completeExceptionally(failure);
    } catch (RuntimeException | InternalError broken) {
      task.answer.completeExceptionally(
          new EngineException(Kind.INTERNAL, "blocks could not be moved: " + broken, broken));
    }
  }

  /** The context is no more, or nothing is known of it. */
  void end(EngineException reason) {
    Task<?> task = current;
    if (task != null) {
      task.answer.completeExceptionally(reason);
    }
    failWaiting(reason);
  }

  /** The state of a cell at position 0; it is computed where no sequence holds one. */
  private MemorySegment oneCell() {
    int sequence = cache.longest();
    if (sequence == PrefixCache.NONE) {
      context.clear();
      context.add(0, 0, carrier);
      if (context.step() != NativeContext.Outcome.DONE) {
        throw new EngineException(Kind.CLOSED, "the engine was closed");
      }
      sequence = carrier;
    }
    MemorySegment cell = Arena.ofAuto().allocate(cellBytes + CELL_HEAD_BYTES);
    return cell.asSlice(0, state.copyOut(sequence, carrier, 0, 1, cell));
  }

  /** How many tokens a piece has. */
  private static int pieceTokens(KvLayout layout, int bytes) {
    long blocks = bytes / ((long) layout.blockTokens() * layout.tokenBytes());
    return layout.blockTokens() * (int) Math.max(1, blocks);
  }

  private MemorySegment pieceMemory(StateFormat format) {
    MemorySegment piece = memory;
    if (piece == null) {
      piece = Arena.ofAuto().allocate(format.stateBytes(pieceTokens(format.layout(), PIECE_BYTES)));
      memory = piece;
    }
    return piece;
  }

  /** Blocks on their way out. */
  private final class Export extends Task<List<KvBlock>> {
    private final StateFormat format;
    private final Kin kin;
    private final int[] tokens;
    private final int blockTokens;
    private final List<MemorySegment> into;
    private final List<KvBlock> done = new ArrayList<>();
    private final int begin;

    Export(
        StateFormat format,
        Kin kin,
        int[] tokens,
        int firstBlock,
        List<MemorySegment> into,
        CompletableFuture<List<KvBlock>> answer) {
      super(answer);
      this.format = format;
      this.kin = kin;
      this.tokens = tokens;
      this.into = into;
      blockTokens = format.layout().blockTokens();
      begin = firstBlock * blockTokens;
    }

    @Override
    boolean canWait() {
      return true;
    }

    @Override
    void move() {
      int position = begin + done.size() * blockTokens;
      int end = begin + into.size() * blockTokens;
      int here =
          Math.min(
              cache.held(kin, tokens, end + 1) - position,
              pieceTokens(format.layout(), LEAVING_PIECE_BYTES));
      int blocks = here / blockTokens;
      if (blocks <= 0) {
        answer.complete(List.copyOf(done));
        return;
      }
      int sequence = cache.holder(tokens, end + 1, kin);
      int until = position + blocks * blockTokens;
      MemorySegment piece = pieceMemory(format);
      long bytes = state.copyOut(sequence, carrier, position, until, piece);
      List<MemorySegment> filled = into.subList(done.size(), done.size() + blocks);
      format.toBlocks(piece.asSlice(0, bytes), position, filled);
      for (MemorySegment block : filled) {
        done.add(KvBlock.seal(block, format.layout(), begin + done.size() * blockTokens));
      }
    }
  }

  /** Blocks on their way in. */
  private final class Import extends Task<Integer> {
    private final StateFormat format;
    private final Kin kin;
    private final int[] tokens;
    private final KvChain chain;
    private int number = PrefixCache.NONE;
    private int position;
    private boolean begun;

    Import(
        StateFormat format,
        Kin kin,
        int[] tokens,
        KvChain chain,
        CompletableFuture<Integer> answer) {
      super(answer);
      this.format = format;
      this.kin = kin;
      this.tokens = tokens;
      this.chain = chain;
      position = chain.firstPosition();
    }

    @Override
    void move() {
      if (!cache.keeps(number, kin, tokens, position) && !findPlace()) {
        return;
      }
      int wanted =
          Math.min(chain.endPosition() - position, pieceTokens(format.layout(), PIECE_BYTES));
      int count = cache.room(number, wanted);
      if (count > 0) {
        state.copyIn(
            format.ofBlocks(chain.blocks(), position, position + count, pieceMemory(format)),
            carrier,
            number);
        cache.add(number, count);
        position += count;
      }
      if (count == 0 || position == chain.endPosition()) {
        finish();
      }
    }

    /**
     * Makes a place that holds at least the tokens before the next piece; false when the import has
     * ended.
     */
    private boolean findPlace() {
      number = PrefixCache.NONE;
      int held = cache.held(kin, tokens, tokens.length + 1);
      if (held < position && !begun) {
        throw new EngineException(
            Kind.INVALID_REQUEST,
            "the chain begins at %d, but of the tokens before it only %d are held"
                .formatted(position, held));
      }
      begun = true;
      if (held >= position && held < chain.endPosition()) {
        number = cache.admit(kin, tokens);
        position = held;
      }
      if (number == PrefixCache.NONE) {
        finish();
        return false;
      }
      return true;
    }

    private void finish() {
      leave();
      beforeAnswer.run();
      answer.complete(cache.held(kin, tokens, tokens.length + 1));
    }

    @Override
    void leave() {
      if (cache.keeps(number, kin, tokens, position)) {
        cache.settle(number);
      }
      number = PrefixCache.NONE;
    }
  }
}
