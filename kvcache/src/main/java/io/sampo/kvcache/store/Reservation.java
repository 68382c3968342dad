package io.sampo.kvcache.store;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvLayout;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Room for one block that is not there yet. Whoever has it fills its memory, in any thread, and
 * commits it or closes it; the memory is not his any more then. To be used by one thread at a time.
 */
public final class Reservation implements AutoCloseable {

  private final BlockStore store;
  private final HostMemory.Slot slot;
  private boolean open = true;

  final BlockHash hash;
  final @Nullable BlockHash before;
  final KvLayout layout;
  final String tenant;
  final double costMillis;

  /** The block before it, where it is held for this one's sake. */
  final @Nullable Entry held;

  Reservation(
      BlockStore store,
      HostMemory.Slot slot,
      BlockHash hash,
      @Nullable BlockHash before,
      KvLayout layout,
      String tenant,
      double costMillis,
      @Nullable Entry held) {
    this.store = store;
    this.slot = slot;
    this.hash = hash;
    this.before = before;
    this.layout = layout;
    this.tenant = tenant;
    this.costMillis = costMillis;
    this.held = held;
  }

  HostMemory.Slot slot() {
    return slot;
  }

  /** Memory of {@link KvLayout#blockBytes}, with anything in it. */
  public MemorySegment memory() {
    requireOpen();
    return slot.memory();
  }

  /**
   * Gives the block to the store, which lends it from now on.
   *
   * @param block sealed or opened in {@link #memory}
   * @return false when it does not join the block before it, or that one is not there any more; it
   *     is not stored then
   */
  public boolean commit(KvBlock block) {
    requireOpen();
    if (block.bytes().address() != slot.memory().address() || !block.layout().equals(layout)) {
      throw new IllegalArgumentException("only a block in the memory of the reservation fits it");
    }
    open = false;
    return store.commit(this, block);
  }

  private void requireOpen() {
    if (!open) {
      throw new IllegalStateException("the reservation was committed or closed");
    }
  }

  /** Gives up a block that was not committed; nothing must write to its memory any more. */
  @Override
  public void close() {
    if (open) {
      open = false;
      store.abandon(this);
    }
  }
}
