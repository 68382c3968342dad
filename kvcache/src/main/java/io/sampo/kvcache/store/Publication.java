package io.sampo.kvcache.store;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvLayout;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The blocks of a text that an engine holds and a store shall have.
 *
 * @param hashes of the text's blocks from the first one on; nobody may change them any more
 * @param layout of the engine's blocks
 * @param tenant whose text it is
 * @param costMillis what computing one of these blocks takes
 * @param exporter copies them out of the engine
 */
public record Publication(
    long[] hashes, KvLayout layout, String tenant, double costMillis, Exporter exporter) {

  /** Copies blocks out of an engine, as {@code KvBlocks.exportBlocks} does for one text. */
  @FunctionalInterface
  public interface Exporter {

    /**
     * Begins to copy; returns at once.
     *
     * @param firstBlock the first one wanted
     * @param into memory for it and those after it; used until the answer is there
     * @return sealed blocks in that memory, without a gap from the first; fewer where the engine
     *     does not hold all
     */
    CompletableFuture<List<KvBlock>> export(int firstBlock, List<MemorySegment> into);
  }

  int blocks() {
    return BlockHash.count(hashes);
  }
}
