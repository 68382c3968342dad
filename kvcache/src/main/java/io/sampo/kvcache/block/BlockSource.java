package io.sampo.kvcache.block;

import org.jspecify.annotations.Nullable;

/** Lends blocks by their names: a store does, and whoever serves blocks to others needs no more. */
@FunctionalInterface
public interface BlockSource {

  /**
   * Lends a block. May be called by any thread, and takes as long as reading the block from where
   * it lies does, a disk perhaps.
   *
   * @return the block, to be closed soon: what is borrowed takes room that nothing else can have;
   *     null where the block is not held, or not any more
   */
  @Nullable BorrowedBlock borrow(BlockHash hash);
}
