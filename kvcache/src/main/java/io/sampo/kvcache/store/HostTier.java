package io.sampo.kvcache.store;

import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.event.Tier;
import org.jspecify.annotations.Nullable;

/** The blocks in main memory: gives room, makes room, keeps bytes in place. Under the lock. */
final class HostTier {

  private final Catalog catalog;
  private final HostMemory memory;
  private long hits;
  private long evicted;
  private long demoted;

  HostTier(Catalog catalog) {
    this.catalog = catalog;
    memory = new HostMemory(catalog.settings.hostBytes());
  }

  /** The largest block that can be here. */
  long maxBlockBytes() {
    return memory.maxBlockBytes();
  }

  /**
   * Room for a block, claimed. The block before it is held from now on, so that it does not go for
   * the sake of its follower.
   *
   * @return null when there is no room even for the most valuable block; nothing is held then
   */
  HostMemory.@Nullable Slot takeRoom(KvLayout layout, String tenant, @Nullable Entry before) {
    if (before != null) {
      hold(before);
    }
    HostMemory.Slot slot = makeRoom(layout.blockBytes(), tenant);
    if (slot != null) {
      catalog.host.claim(tenant, layout.blockBytes());
    } else if (before != null) {
      release(before);
    }
    return slot;
  }

  private HostMemory.@Nullable Slot makeRoom(int bytes, String tenant) {
    catalog.pins.expire(catalog.clock.millis());
    while (catalog.beyondShare(Tier.HOST, tenant, bytes, catalog.settings.hostBytes())) {
      if (!evict(catalog.host.next(tenant))) {
        return null;
      }
    }
    HostMemory.Slot slot = memory.take(bytes);
    while (slot == null && evict(catalog.host.next())) {
      slot = memory.take(bytes);
      if (slot == null) {
        memory.gather(bytes);
        slot = memory.take(bytes);
      }
    }
    return slot;
  }

  private boolean evict(@Nullable Copy copy) {
    if (copy == null) {
      return false;
    }
    evicted++;
    demoted += copy.entry.disk.here ? 1 : 0;
    catalog.evict(copy);
    freeUnused(copy.entry);
    return true;
  }

  /** Takes back room that was not used after all. */
  void giveUp(HostMemory.Slot slot, KvLayout layout, String tenant) {
    memory.free(slot);
    catalog.host.unclaim(tenant, layout.blockBytes());
  }

  /** A block has come, into room that was taken. */
  void place(Entry entry, HostMemory.Slot slot, KvBlock block) {
    slot.owner = entry;
    entry.slot = slot;
    entry.block = block;
    catalog.appear(entry.host);
  }

  /** Keeps a block's bytes where they are. */
  void hold(Entry entry) {
    catalog.host.hold(entry.host);
  }

  /** Ends {@link #hold}; the last one to hold a block that is gone frees its memory. */
  void release(Entry entry) {
    catalog.host.release(entry.host);
    freeUnused(entry);
  }

  private void freeUnused(Entry entry) {
    HostMemory.Slot slot = entry.slot;
    if (slot != null && !entry.host.here && entry.host.users == 0) {
      entry.slot = null;
      entry.block = null;
      memory.free(slot);
    }
  }

  /** Holds a block for somebody who reads it. */
  KvBlock lend(Entry entry) {
    KvBlock block = entry.block;
    if (block == null) {
      throw new IllegalStateException("a block in HOST without its bytes");
    }
    hold(entry);
    return block;
  }

  void hit() {
    hits++;
  }

  /** Forgets a block; who holds it still has its bytes. */
  void lose(Entry entry) {
    catalog.lose(entry.host);
    freeUnused(entry);
  }

  long demoted() {
    return demoted;
  }

  TierStats stats() {
    return new TierStats(
        catalog.settings.hostBytes(),
        catalog.host.bytes(),
        catalog.host.blocks(),
        hits,
        evicted,
        0);
  }

  /** Whoever looks at a block from now on gets an exception. */
  void close() {
    memory.close();
  }
}
