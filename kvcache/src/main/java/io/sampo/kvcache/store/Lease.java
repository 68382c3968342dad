package io.sampo.kvcache.store;

import io.sampo.kvcache.block.BorrowedBlock;
import io.sampo.kvcache.block.KvBlock;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A block that is lent.
 *
 * @param giveBack done once
 */
record Lease(KvBlock block, Runnable giveBack, AtomicBoolean closed) implements BorrowedBlock {

  Lease(KvBlock block, Runnable giveBack) {
    this(block, giveBack, new AtomicBoolean());
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      giveBack.run();
    }
  }
}
