package io.sampo.kvcache.prefix;

import io.sampo.kvcache.block.BlockChain;
import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.store.BlockStore;
import io.sampo.kvcache.store.Reservation;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Brings the prefixes of files into a store and pins them there, so that they are not evicted.
 *
 * @param store where they go
 * @param layout that the blocks must have
 * @param vocabulary token ids are below this
 * @param chain names the blocks
 * @param tenant whose they are
 */
public record PrefixLoader(
    BlockStore store, KvLayout layout, int vocabulary, BlockChain chain, String tenant) {

  /** Between all other blocks and what an operator pins by hand. */
  private static final int PRIORITY = 0;

  private static final Duration FOR_GOOD = Duration.ofDays(3650);

  /** Computing such a block again is worth at least this. */
  private static final double COST_MILLIS = 1000;

  /**
   * What came of a file.
   *
   * @param prefixes how many it has
   * @param blocks how many blocks the prefixes have
   * @param pinned how many of them are in the store now and stay
   */
  public record Loaded(int prefixes, int blocks, int pinned) {}

  /**
   * Loads a file. Blocks the thread.
   *
   * @throws PrefixFileException when it is none, is damaged or of another model; what came before
   *     the damage stays
   */
  public Loaded load(Path file) throws IOException {
    int prefixes = 0;
    int blocks = 0;
    int pinned = 0;
    try (PrefixReader reader = new PrefixReader(file, layout, vocabulary);
        Arena arena = Arena.ofShared()) {
      MemorySegment unused = arena.allocate(layout.blockBytes(), 64);
      for (Prefix next = reader.next(); next != null; next = reader.next()) {
        long[] hashes = chain.hashes(next.tokens());
        take(reader, next, hashes, unused);
        String name = "%s %d".formatted(file.getFileName(), prefixes);
        pinned += store.pin(name, hashes, PRIORITY, FOR_GOOD);
        prefixes++;
        blocks += next.blocks();
      }
    }
    return new Loaded(prefixes, blocks, pinned);
  }

  private void take(PrefixReader reader, Prefix prefix, long[] hashes, MemorySegment unused)
      throws IOException {
    for (int block = prefix.firstBlock(); block < prefix.blocks(); block++) {
      try (Reservation room = reserve(hashes, block)) {
        if (room == null) {
          reader.block(unused);
        } else {
          room.commit(reader.block(room.memory()));
        }
      }
    }
  }

  private @Nullable Reservation reserve(long[] hashes, int block) {
    BlockHash before = block == 0 ? null : BlockHash.at(hashes, block - 1);
    return store.reserve(BlockHash.at(hashes, block), before, layout, tenant, COST_MILLIS);
  }
}
