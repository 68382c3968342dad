package io.sampo.kvcache.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.BlockSource;
import io.sampo.kvcache.block.BorrowedBlock;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.event.BlockSnapshot;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of one node. Blocks of several models and tenants lie side by side and compete for the
 * same room. All methods may be called by any thread; none waits for a file but {@link #borrow} of
 * a block that is in DISK alone, and those that say so.
 *
 * <p>A block can be put where the one before it is in HOST or on its way there. It is in HOST
 * first, and is copied to DISK when the disk has time. What is borrowed from DISK is put into HOST
 * again where the block before it is there.
 */
public final class BlockStore implements BlockSource, AutoCloseable {

  private final Catalog catalog;
  private final HostTier host;
  private final DiskTier disk;
  private final Lending lending;
  private final Announcer announcer;
  private final @Nullable DiskWriter writer;

  // Guarded by the catalog's lock.
  private final Set<BlockHash> onTheirWay = new HashSet<>();
  private long stored;
  private long refused;
  private boolean tooLargeTold;
  private boolean closed;

  private BlockStore(StoreSettings settings, StoreListener listener, InstantSource clock) {
    catalog = new Catalog(settings, clock);
    host = new HostTier(catalog);
    disk = new DiskTier(catalog);
    lending = new Lending(catalog, host, disk);
    announcer = new Announcer(catalog, listener);
    if (settings.folder() == null || settings.diskBytes() == 0) {
      writer = null;
      locked(disk::unusable);
    } else {
      writer = new DiskWriter(catalog, host, disk, announcer, settings.folder());
    }
  }

  /**
   * Opens a store. What its folder has is found in the background; the listener hears of it as of
   * blocks that come.
   *
   * @param clock for the end of pins, the epoch of events and second attempts
   */
  public static BlockStore open(
      StoreSettings settings, StoreListener listener, InstantSource clock) {
    return new BlockStore(settings, listener, clock);
  }

  private void locked(Runnable action) {
    catalog.lock();
    try {
      action.run();
    } finally {
      catalog.unlock();
    }
  }

  private <T> T locked(Supplier<T> action) {
    catalog.lock();
    try {
      return action.get();
    } finally {
      catalog.unlock();
    }
  }

  /**
   * Makes room for a block that HOST does not have, at the expense of less valuable ones.
   *
   * @param before the hash of the block before it; null for the first of a text
   * @param tenant whom it counts for; the tenant of the block before it, 1 to 256 bytes
   * @param costMillis what computing it takes, not negative
   * @return null when HOST has it or awaits it already, does not have the one before, or has no
   *     room
   */
  public @Nullable Reservation reserve(
      BlockHash hash,
      @Nullable BlockHash before,
      KvLayout layout,
      String tenant,
      double costMillis) {
    require(tenant, costMillis);
    catalog.lock();
    try {
      Entry parent = before == null ? null : catalog.entries.get(before);
      Entry held = parent != null && parent.host.here ? parent : null;
      boolean joins = before == null || held != null || onTheirWay.contains(before);
      if (closed || !joins || isComing(hash) || tooLarge(layout)) {
        return null;
      }
      HostMemory.Slot slot = host.takeRoom(layout, tenant, held);
      if (slot == null) {
        refused++;
        return null;
      }
      onTheirWay.add(hash);
      return new Reservation(this, slot, hash, before, layout, tenant, costMillis, held);
    } finally {
      catalog.unlock();
    }
  }

  private static void require(String tenant, double costMillis) {
    int bytes = tenant.getBytes(UTF_8).length;
    if (bytes == 0 || bytes > BlockFile.MAX_TENANT_BYTES) {
      throw new IllegalArgumentException(
          "a tenant's name must have 1 to %d bytes, not %d"
              .formatted(BlockFile.MAX_TENANT_BYTES, bytes));
    }
    if (!(costMillis >= 0 && Double.isFinite(costMillis))) {
      throw new IllegalArgumentException("costMillis must not be negative: " + costMillis);
    }
  }

  /** Whether a block is in HOST or will be. */
  private boolean isComing(BlockHash hash) {
    Entry known = catalog.entries.get(hash);
    return onTheirWay.contains(hash) || (known != null && (known.host.here || known.loading));
  }

  private boolean tooLarge(KvLayout layout) {
    boolean large = layout.blockBytes() > host.maxBlockBytes();
    if (large && !tooLargeTold) {
      tooLargeTold = true;
      announcer.trouble(
          "KV blocks of %d bytes are not stored: in %d bytes of main memory they may have up to %d"
              .formatted(layout.blockBytes(), catalog.settings.hostBytes(), host.maxBlockBytes()));
    }
    return large;
  }

  boolean commit(Reservation filled, KvBlock block) {
    BlockFile file =
        new BlockFile(
            filled.hash,
            filled.before,
            block.firstPosition(),
            block.checksum(),
            filled.costMillis,
            filled.tenant,
            filled.layout);
    catalog.lock();
    try {
      Entry parent = filled.before == null ? null : catalog.entries.get(filled.before);
      Entry known = catalog.entries.get(filled.hash);
      boolean joins = file.follows(parent) && (parent == null || parent.host.here) && !closed;
      // Meanwhile somebody may have borrowed it from DISK, which brought it into HOST.
      if (joins && (known == null || !known.host.here)) {
        place(known == null ? new Entry(file, parent) : known, filled.slot(), block);
      } else {
        host.giveUp(filled.slot(), filled.layout, filled.tenant);
      }
      end(filled);
      return joins;
    } finally {
      catalog.unlock();
    }
  }

  private void place(Entry entry, HostMemory.Slot slot, KvBlock block) {
    host.place(entry, slot, block);
    disk.offer(entry);
    stored++;
  }

  void abandon(Reservation unfilled) {
    locked(
        () -> {
          host.giveUp(unfilled.slot(), unfilled.layout, unfilled.tenant);
          end(unfilled);
        });
  }

  private void end(Reservation over) {
    onTheirWay.remove(over.hash);
    if (over.held != null) {
      host.release(over.held);
    }
  }

  @Override
  public @Nullable BorrowedBlock borrow(BlockHash hash) {
    return lending.borrow(hash);
  }

  /**
   * How much of a chain is here, from its first block on.
   *
   * @param hashes of {@link io.sampo.kvcache.block.BlockChain#hashes}
   */
  public Leading leading(long[] hashes) {
    return locked(
        () -> {
          List<Entry> leading = catalog.leading(hashes);
          return new Leading(
              (int) leading.stream().filter(entry -> entry.host.here).count(),
              (int) leading.stream().filter(entry -> entry.disk.here).count());
        });
  }

  /**
   * Keeps the beginning of a chain from being evicted, as far as it is here. A pin takes part of
   * the budget that all pins have; those of lower priority give way to it.
   *
   * @param name of the pin; replaces the one that had it
   * @param priority higher is kept rather
   * @param time how long it lasts at most
   * @return how many leading blocks are pinned; 0, and no pin of this name, where none is here or
   *     pins of the same or higher priority leave no room
   */
  public int pin(String name, long[] hashes, int priority, Duration time) {
    return locked(
        () -> {
          List<Entry> entries = catalog.leading(hashes);
          long now = catalog.clock.millis();
          catalog.pins.expire(now);
          boolean pinned = catalog.pins.add(name, entries, priority, now + time.toMillis());
          return pinned ? entries.size() : 0;
        });
  }

  /** Ends a pin; false when there was none of this name. */
  public boolean unpin(String name) {
    return locked(() -> catalog.pins.remove(name));
  }

  /** Forgets all blocks and pins. What is lent stays until it is given back. */
  public void clear() {
    locked(
        () -> {
          catalog.pins.clear();
          List<Entry> lastFirst = catalog.byPosition().reversed();
          lastFirst.stream().filter(entry -> entry.host.here).forEach(host::lose);
          lastFirst.stream().filter(entry -> entry.disk.here).forEach(disk::lose);
          catalog.feed.cleared();
        });
  }

  /** All that is here, between two events. */
  public BlockSnapshot snapshot() {
    return locked(catalog::snapshot);
  }

  /** Figures of one moment. */
  public StoreStats stats() {
    return locked(
        () ->
            new StoreStats(
                host.stats(),
                disk.stats(),
                stored,
                refused,
                host.demoted(),
                lending.promoted(),
                lending.misses(),
                catalog.pins.count()));
  }

  /**
   * Waits until what the folder had is found, and what is to be copied to DISK is there.
   *
   * @return false when that takes too long
   */
  public boolean awaitWritten(Duration patience) throws InterruptedException {
    return disk.awaitQuiet(patience);
  }

  /**
   * Copies what DISK lacks, if that does not take too long, and ends. Whoever looks at a block that
   * is lent still gets an exception.
   */
  @Override
  public void close() {
    boolean again =
        locked(
            () -> {
              boolean before = closed;
              closed = true;
              lending.close();
              return before;
            });
    if (again) {
      return;
    }
    if (writer != null) {
      writer.close();
    }
    announcer.close();
    locked(host::close);
  }
}
