package io.sampo.engines.spi;

import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvChain;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The KV that an engine holds, as blocks that leave it and enter another one of the same model. All
 * methods return at once and may be called from any thread. What they return completes on the
 * engine's thread, so what is attached to it must not block (or be attached by one of the {@code
 * Async} methods). Running sequences go on meanwhile; they wait for a bounded piece of the work at
 * a time.
 *
 * <p>Failures are {@link EngineException}s: INVALID_REQUEST for arguments that break a rule and
 * where {@link #support} says Refused, FULL when as much is waiting already as the engine takes,
 * CLOSED after {@link Engine#close}, INTERNAL when the engine broke. Who cancels what a method
 * returned, or lets it time out, ends the work soon.
 *
 * <p>Memory lies outside the Java heap and can be reached from every thread: it comes from a
 * shared, automatic or global arena. Work on memory that was given back fails, and nothing else
 * does.
 */
public interface KvBlocks {

  /**
   * What can be had. The first answer may take as long as reading the model's file does, the later
   * ones are the same and there at once.
   */
  CompletableFuture<KvSupport> support();

  /**
   * Looks what is held, as soon as the engine turns to it.
   *
   * @param tokens a text from its beginning
   * @return how many of its leading tokens a sequence of this scope need not compute
   */
  CompletableFuture<Integer> held(KvScope scope, int[] tokens);

  /**
   * Copies out blocks of what a running or ended sequence holds, computed without adapter.
   *
   * @param scope of that sequence; a shared one
   * @param tokens a text from its beginning, at least to the last block's end
   * @param firstBlock the first block wanted, 0 for the text's first tokens
   * @param into memory of {@link io.sampo.kvcache.block.KvLayout#blockBytes} each, for this block
   *     and those after it
   * @return the blocks that are held, without a gap from the first one; fewer than were asked for,
   *     or none, where nothing begins with these tokens any more
   */
  CompletableFuture<List<KvBlock>> exportBlocks(
      KvScope scope, int[] tokens, int firstBlock, List<MemorySegment> into);

  /** As above, of the common scope. */
  default CompletableFuture<List<KvBlock>> exportBlocks(
      int[] tokens, int firstBlock, List<MemorySegment> into) {
    return exportBlocks(KvScope.COMMON, tokens, firstBlock, into);
  }

  /**
   * Takes in blocks, so that a sequence which begins with these tokens needs not compute them. What
   * is held already is not copied again. They stay as long as the KV of a sequence that ended now.
   * Imports are done in the order in which they are asked for, and a sequence that is submitted
   * later than an import begins after it, once {@link #support} is known.
   *
   * @param scope of the sequences that may use them; a shared one
   * @param tokens the text that the blocks belong to, from its beginning, at least to the chain's
   *     end; the caller vouches that they were computed from it
   * @param chain of this engine's layout; begins at 0 or where the engine holds all tokens before
   * @return how many leading tokens up to the chain's end are held now; less than the end where
   *     room for more would have had to be taken from running sequences
   */
  CompletableFuture<Integer> importBlocks(KvScope scope, int[] tokens, KvChain chain);

  /** As above, into the common scope. */
  default CompletableFuture<Integer> importBlocks(int[] tokens, KvChain chain) {
    return importBlocks(KvScope.COMMON, tokens, chain);
  }

  /** The blocks of an engine that has none to give, and none to take. */
  static KvBlocks refusing(String reason) {
    EngineException refusal = new EngineException(Kind.INVALID_REQUEST, reason);
    return new KvBlocks() {
      @Override
      public CompletableFuture<KvSupport> support() {
        return CompletableFuture.completedFuture(new KvSupport.Refused(reason));
      }

      @Override
      public CompletableFuture<Integer> held(KvScope scope, int[] tokens) {
        return CompletableFuture.failedFuture(refusal);
      }

      @Override
      public CompletableFuture<List<KvBlock>> exportBlocks(
          KvScope scope, int[] tokens, int firstBlock, List<MemorySegment> into) {
        return CompletableFuture.failedFuture(refusal);
      }

      @Override
      public CompletableFuture<Integer> importBlocks(KvScope scope, int[] tokens, KvChain chain) {
        return CompletableFuture.failedFuture(refusal);
      }
    };
  }
}
