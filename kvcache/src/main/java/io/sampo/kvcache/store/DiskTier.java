package io.sampo.kvcache.store;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvBlockRejectedException;
import io.sampo.kvcache.event.Tier;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * The blocks in files: what is there, what has to go, what is still to be written or deleted. A
 * {@link DiskWriter} does that; files are read in the thread of whoever wants a block.
 *
 * <p>When a file cannot be written, writing pauses for a minute; what can be read is still read.
 * When the folder cannot be used at all, there is no DISK in this process's life.
 */
final class DiskTier {

  private static final Duration PAUSE = Duration.ofMinutes(1);

  /** What the writer does next. */
  sealed interface Work {}

  /** A block of HOST is to be copied. */
  record Write(Entry entry) implements Work {}

  /** A block's file is to be deleted. */
  record Delete(BlockHash hash) implements Work {}

  private final Catalog catalog;
  private final Deque<Work> waiting = new ArrayDeque<>();
  private final Condition work;
  private final Condition quiet;
  private @Nullable BlockFolder folder;
  private boolean busy = true;
  private boolean closing;
  private long pausedUntil;
  private long hits;
  private long evicted;
  private long failed;

  DiskTier(Catalog catalog) {
    this.catalog = catalog;
    work = catalog.newCondition();
    quiet = catalog.newCondition();
  }

  // Under the catalog's lock.

  /** A block of HOST is to be copied, with what is missing before it. */
  void offer(Entry entry) {
    if (paused()) {
      return;
    }
    Deque<Work> missing = new ArrayDeque<>();
    Entry one = entry;
    while (one != null && !one.disk.here && !one.waiting) {
      one.waiting = true;
      missing.addFirst(new Write(one));
      one = one.parent;
    }
    waiting.addAll(missing);
    work.signal();
  }

  boolean paused() {
    return catalog.clock.millis() < pausedUntil;
  }

  /** Something could not be written. */
  void fail() {
    failed++;
    pausedUntil = catalog.clock.millis() + PAUSE.toMillis();
  }

  /** Files were found that are of no use. */
  void foundDamaged(int files) {
    failed += files;
  }

  /**
   * Claims room for a file; the blocks that had to go are added to a list, for their files to be
   * deleted. False when there is no room even for the most valuable block.
   */
  boolean claim(Entry entry, List<Entry> gone) {
    catalog.pins.expire(catalog.clock.millis());
    long bytes = entry.disk.bytes;
    StoreSettings settings = catalog.settings;
    while (catalog.beyondShare(Tier.DISK, entry.tenant, bytes, settings.diskBytes())) {
      if (!evict(catalog.disk.next(entry.tenant), gone)) {
        return false;
      }
    }
    while (catalog.disk.bytes() + bytes > settings.diskBytes()
        || catalog.disk.blocks() >= settings.diskFiles()) {
      if (!evict(catalog.disk.next(), gone)) {
        return false;
      }
    }
    catalog.disk.claim(entry.tenant, bytes);
    return true;
  }

  /** Makes the files fit the budget; adds those that had to go to a list. */
  void shrink(List<Entry> gone) {
    StoreSettings settings = catalog.settings;
    boolean more = true;
    while (more
        && (catalog.disk.bytes() > settings.diskBytes()
            || catalog.disk.blocks() > settings.diskFiles())) {
      more = evict(catalog.disk.next(), gone);
    }
  }

  private boolean evict(@Nullable Copy copy, List<Entry> gone) {
    if (copy == null) {
      return false;
    }
    evicted++;
    catalog.evict(copy);
    gone.add(copy.entry);
    return true;
  }

  /** Forgets a block; its file is deleted later. */
  void lose(Entry entry) {
    catalog.lose(entry.disk);
    waiting.add(new Delete(entry.hash));
    work.signal();
  }

  /** Forgets a block whose file cannot be read, and those that follow it. */
  private void loseDamaged(Entry damaged) {
    if (!damaged.disk.here) {
      // It was cleared while it was read.
      return;
    }
    failed++;
    Set<Entry> lost = new HashSet<>(Set.of(damaged));
    List<Entry> order = new ArrayList<>(List.of(damaged));
    for (Entry entry : catalog.byPosition()) {
      if (entry.disk.here && entry.parent != null && lost.contains(entry.parent)) {
        lost.add(entry);
        order.add(entry);
      }
    }
    order.reversed().forEach(this::lose);
  }

  TierStats stats() {
    return new TierStats(
        catalog.settings.diskBytes(),
        catalog.disk.bytes(),
        catalog.disk.blocks(),
        hits,
        evicted,
        failed);
  }

  // The writer's thread, under the lock.

  /** The folder was read, and can be read from. */
  void opened(BlockFolder usable) {
    folder = usable;
  }

  /** There will never be a folder. */
  void unusable() {
    pausedUntil = Long.MAX_VALUE;
    waiting.clear();
    busy = false;
    quiet.signalAll();
  }

  /** Waits for work; null when there is none and will be none. */
  @Nullable Work next() throws InterruptedException {
    while (waiting.isEmpty() && !closing) {
      busy = false;
      quiet.signalAll();
      work.await();
    }
    busy = true;
    return waiting.poll();
  }

  void close() {
    closing = true;
    work.signal();
  }

  // Without the lock.

  /**
   * Reads a block.
   *
   * @param expected what the entry's file says
   * @return null when the file is damaged; it is forgotten then
   */
  @Nullable KvBlock read(Entry entry, BlockFile expected, MemorySegment into) {
    BlockFolder from = folder();
    KvBlock block = null;
    try {
      if (from != null && from.read(expected, into)) {
        block = check(into, expected);
      }
    } catch (ClosedByInterruptException hurry) {
      return null;
    } catch (IOException unreadable) {
      block = null;
    }
    catalog.lock();
    try {
      if (block == null) {
        loseDamaged(entry);
      } else {
        hits++;
      }
    } finally {
      catalog.unlock();
    }
    return block;
  }

  private @Nullable BlockFolder folder() {
    catalog.lock();
    try {
      return folder;
    } finally {
      catalog.unlock();
    }
  }

  private static @Nullable KvBlock check(MemorySegment bytes, BlockFile expected) {
    try {
      KvBlock block = KvBlock.open(bytes, expected.layout());
      boolean right =
          block.checksum() == expected.checksum()
              && block.firstPosition() == expected.firstPosition();
      return right ? block : null;
    } catch (KvBlockRejectedException damaged) {
      return null;
    }
  }

  /** Waits until nothing is left to be written or deleted; false when that takes too long. */
  boolean awaitQuiet(Duration patience) throws InterruptedException {
    catalog.lock();
    try {
      long nanos = patience.toNanos();
      while (busy || !waiting.isEmpty()) {
        if (nanos <= 0) {
          return false;
        }
        nanos = quiet.awaitNanos(nanos);
      }
      return true;
    } finally {
      catalog.unlock();
    }
  }
}
