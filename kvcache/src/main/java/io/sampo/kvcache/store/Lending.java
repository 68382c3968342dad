package io.sampo.kvcache.store;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BorrowedBlock;
import io.sampo.kvcache.block.KvBlock;
import java.lang.foreign.Arena;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * Lends blocks. One that DISK alone has is read by the first who wants it, while others who want it
 * wait; it is put into HOST where the block before it is there, and lent from memory of its own
 * otherwise.
 */
final class Lending {

  private final Catalog catalog;
  private final HostTier host;
  private final DiskTier disk;
  private final Condition loaded;
  private long promoted;
  private long misses;
  private boolean closed;

  Lending(Catalog catalog, HostTier host, DiskTier disk) {
    this.catalog = catalog;
    this.host = host;
    this.disk = disk;
    loaded = catalog.newCondition();
  }

  @Nullable BorrowedBlock borrow(BlockHash hash) {
    Entry entry;
    HostMemory.Slot slot;
    catalog.lock();
    try {
      entry = awaitLoaded(hash);
      if (entry == null) {
        misses++;
        return null;
      }
      if (entry.host.here) {
        host.hit();
        return lend(entry);
      }
      slot = beginLoading(entry);
    } finally {
      catalog.unlock();
    }
    return slot == null ? readApart(entry) : readIntoHost(entry, slot);
  }

  private @Nullable Entry awaitLoaded(BlockHash hash) {
    Entry entry = catalog.entries.get(hash);
    while (entry != null && entry.loading && !closed) {
      loaded.awaitUninterruptibly();
      entry = catalog.entries.get(hash);
    }
    return closed ? null : entry;
  }

  private BorrowedBlock lend(Entry entry) {
    KvBlock block = host.lend(entry);
    catalog.use(entry);
    if (!entry.disk.here) {
      disk.offer(entry);
    }
    return new Lease(block, () -> giveBack(entry));
  }

  private void giveBack(Entry entry) {
    catalog.lock();
    try {
      host.release(entry);
    } finally {
      catalog.unlock();
    }
  }

  /** Room in HOST for a block of DISK; null when it cannot be there. */
  private HostMemory.@Nullable Slot beginLoading(Entry entry) {
    entry.loading = true;
    catalog.disk.hold(entry.disk);
    Entry parent = entry.parent;
    return joins(parent) ? host.takeRoom(entry.layout, entry.tenant, parent) : null;
  }

  private void endLoading(Entry entry) {
    entry.loading = false;
    catalog.disk.release(entry.disk);
    loaded.signalAll();
  }

  private @Nullable BorrowedBlock readIntoHost(Entry entry, HostMemory.Slot slot) {
    KvBlock block = disk.read(entry, entry.file(entry.checksum), slot.memory());
    catalog.lock();
    try {
      endLoading(entry);
      Entry parent = entry.parent;
      if (block != null && !entry.host.here && entry.disk.here && joins(parent)) {
        host.place(entry, slot, block);
        promoted++;
      } else {
        host.giveUp(slot, entry.layout, entry.tenant);
      }
      if (parent != null) {
        host.release(parent);
      }
      misses += entry.host.here ? 0 : 1;
      return entry.host.here ? lend(entry) : null;
    } finally {
      catalog.unlock();
    }
  }

  private static boolean joins(@Nullable Entry parent) {
    return parent == null || parent.host.here;
  }

  private @Nullable BorrowedBlock readApart(Entry entry) {
    Arena arena = Arena.ofShared();
    KvBlock block =
        disk.read(
            entry,
            entry.file(entry.checksum),
            arena.allocate(entry.layout.blockBytes(), HostMemory.ALIGNMENT));
    catalog.lock();
    try {
      endLoading(entry);
      if (block == null) {
        misses++;
      } else {
        catalog.use(entry);
      }
    } finally {
      catalog.unlock();
    }
    if (block == null) {
      arena.close();
      return null;
    }
    return new Lease(block, arena::close);
  }

  // Under the lock.

  long promoted() {
    return promoted;
  }

  long misses() {
    return misses;
  }

  /** Nothing is lent any more. */
  void close() {
    closed = true;
    loaded.signalAll();
  }
}
