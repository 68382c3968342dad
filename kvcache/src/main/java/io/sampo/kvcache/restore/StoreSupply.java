package io.sampo.kvcache.restore;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BlockSource;
import io.sampo.kvcache.block.BorrowedBlock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A text's blocks as the node's store has them.
 *
 * @param hashes of all blocks of the text
 */
public record StoreSupply(BlockSource store, long[] hashes) implements Supply {

  @Override
  public List<BorrowedBlock> take(int first, int count, Duration within) {
    long began = System.nanoTime();
    List<BorrowedBlock> taken = new ArrayList<>(count);
    while (taken.size() < count && System.nanoTime() - began < within.toNanos()) {
      BorrowedBlock next = store.borrow(BlockHash.at(hashes, first + taken.size()));
      if (next == null) {
        return taken;
      }
      taken.add(next);
    }
    return taken;
  }
}
