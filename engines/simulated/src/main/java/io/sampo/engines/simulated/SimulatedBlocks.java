package io.sampo.engines.simulated;

import io.sampo.engines.simulated.model.SimulatedModel;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.KvBlocks;
import io.sampo.engines.spi.KvScope;
import io.sampo.engines.spi.KvSupport;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvChain;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Pretended KV as blocks. The keys of a token are the state of the text up to it, eight bytes; its
 * values are its id. An engine that was given a wrong block goes on from a wrong state, so its
 * answer shows it.
 */
final class SimulatedBlocks implements KvBlocks {

  private static final int MAX_WAITING = 1024;
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Something to be done on the engine's thread. */
  private record Order<T>(Task<T> task, CompletableFuture<T> answer) {

    void perform(SimulatedStepper stepper) {
      try {
        answer.complete(task.perform(stepper));
      } catch (EngineException refused) {
        answer.completeExceptionally(refused);
      } catch (RuntimeException broken) {
        answer.completeExceptionally(
            new EngineException(Kind.INTERNAL, "blocks could not be moved: " + broken, broken));
      }
    }
  }

  private interface Task<T> {
    T perform(SimulatedStepper stepper);
  }

  private final KvLayout layout;
  private final Runnable wake;
  private final Queue<Order<?>> orders = new LinkedBlockingQueue<>(MAX_WAITING);
  private volatile @Nullable EngineException closed;

  /**
   * @param wake lets the engine's thread look at the orders
   */
  SimulatedBlocks(SimulatedOptions options, Runnable wake) {
    this.wake = wake;
    layout =
        new KvLayout(
            ModelFingerprint.of("simulated", List.of("seed " + options.seed())),
            KvFormat.F16,
            KvFormat.F16,
            List.of(Long.BYTES),
            List.of(Long.BYTES),
            RetainedPrefixes.BLOCK_TOKENS);
  }

  // For any thread.

  @Override
  public CompletableFuture<KvSupport> support() {
    return CompletableFuture.completedFuture(new KvSupport.Offered(layout));
  }

  @Override
  public CompletableFuture<Integer> held(KvScope scope, int[] tokens) {
    int[] text = tokens.clone();
    return order(stepper -> layout.blockTokens() * held(stepper, scope, text).length);
  }

  private long[] held(SimulatedStepper stepper, KvScope scope, int[] text) {
    BlockTrail trail = BlockTrail.of(stepper.model(), text, text.length);
    return stepper.held(scope, trail, trail.blocks());
  }

  @Override
  public CompletableFuture<List<KvBlock>> exportBlocks(
      KvScope scope, int[] tokens, int firstBlock, List<MemorySegment> into) {
    int[] text = tokens.clone();
    List<MemorySegment> memory = List.copyOf(into);
    return order(
        stepper -> {
          require(scope.shared(), "KV that is shared with nobody does not leave");
          require(
              firstBlock >= 0
                  && (long) (firstBlock + memory.size()) * layout.blockTokens() <= text.length,
              "the blocks end behind the text");
          long[] held = held(stepper, scope, text);
          List<KvBlock> blocks = new ArrayList<>();
          for (int i = 0; i < memory.size() && firstBlock + i < held.length; i++) {
            int block = firstBlock + i;
            long before = block == 0 ? stepper.model().begin() : held[block - 1];
            blocks.add(fill(memory.get(i), text, block, before, held[block]));
          }
          return blocks;
        });
  }

  private KvBlock fill(MemorySegment into, int[] text, int block, long before, long last) {
    int first = block * layout.blockTokens();
    long state = before;
    for (int i = 0; i < layout.blockTokens(); i++) {
      state = SimulatedModel.extend(state, text[first + i]);
      boolean end = i == layout.blockTokens() - 1;
      into.set(LONG, keyAt(i), end ? last : state);
      into.set(LONG, layout.runAt(1) + (long) Long.BYTES * i, text[first + i]);
    }
    return KvBlock.seal(into, layout, first);
  }

  private long keyAt(int token) {
    return layout.runAt(0) + (long) Long.BYTES * token;
  }

  @Override
  public CompletableFuture<Integer> importBlocks(KvScope scope, int[] tokens, KvChain chain) {
    int[] text = tokens.clone();
    return order(
        stepper -> {
          require(scope.shared(), "KV that is shared with nobody does not enter");
          require(chain.layout().equals(layout), "the blocks are not of this engine's layout");
          require(chain.endPosition() <= text.length, "the chain ends behind the text");
          return take(stepper, scope, text, chain);
        });
  }

  private int take(SimulatedStepper stepper, KvScope scope, int[] text, KvChain chain) {
    int end = chain.endPosition() / layout.blockTokens();
    int first = chain.firstPosition() / layout.blockTokens();
    BlockTrail trail = BlockTrail.of(stepper.model(), text, chain.endPosition());
    long[] held = stepper.held(scope, trail, end);
    require(held.length >= first, "the tokens before the chain are not held");
    if (held.length < end) {
      long[] states = Arrays.copyOf(held, end);
      for (int block = held.length; block < end; block++) {
        MemorySegment bytes = chain.blocks().get(block - first).bytes();
        states[block] = bytes.get(LONG, keyAt(layout.blockTokens() - 1));
      }
      stepper.retain(scope, trail.resumed(stepper.model(), text, states), end);
    }
    return layout.blockTokens() * stepper.held(scope, trail, end).length;
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw new EngineException(Kind.INVALID_REQUEST, rule);
    }
  }

  private <T> CompletableFuture<T> order(Task<T> task) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    if (!orders.offer(new Order<>(task, answer))) {
      answer.completeExceptionally(new EngineException(Kind.FULL, "too many orders are waiting"));
    }
    EngineException reason = closed;
    if (reason != null) {
      failAll(reason);
    }
    wake.run();
    return answer;
  }

  // The engine's thread.

  /** Does what was ordered. */
  void perform(SimulatedStepper stepper) {
    for (Order<?> next = orders.poll(); next != null; next = orders.poll()) {
      next.perform(stepper);
    }
  }

  /** Fails what was ordered. */
  void failAll(EngineException reason) {
    for (Order<?> next = orders.poll(); next != null; next = orders.poll()) {
      next.answer().completeExceptionally(reason);
    }
  }

  /** Takes no more orders. */
  void close(EngineException reason) {
    closed = reason;
    failAll(reason);
  }
}
