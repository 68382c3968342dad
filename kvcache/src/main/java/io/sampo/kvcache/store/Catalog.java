package io.sampo.kvcache.store;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.event.BlockSnapshot;
import io.sampo.kvcache.event.Tier;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * All that a store knows of its blocks, and the lock that guards it. Between {@link #lock} and
 * {@link #unlock} nothing waits for a file or for somebody else's code.
 */
final class Catalog {

  final StoreSettings settings;
  final InstantSource clock;
  final Map<BlockHash, Entry> entries = new HashMap<>();
  final Shelf host = new Shelf();
  final Shelf disk = new Shelf();
  final Pins pins;
  final EventFeed feed;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition told = lock.newCondition();

  Catalog(StoreSettings settings, InstantSource clock) {
    this.settings = settings;
    this.clock = clock;
    pins = new Pins((long) (settings.pinShare() * settings.hostBytes()), this::settle);
    feed = new EventFeed(clock.millis());
  }

  void lock() {
    lock.lock();
  }

  /** Ends {@link #lock}; wakes who announces what happened. */
  void unlock() {
    if (!feed.isEmpty()) {
      told.signal();
    }
    lock.unlock();
  }

  Condition newCondition() {
    return lock.newCondition();
  }

  /** Signalled when there may be something to announce. */
  Condition told() {
    return told;
  }

  private void settle(Entry entry) {
    host.settle(entry.host);
    disk.settle(entry.disk);
  }

  Shelf shelf(Tier tier) {
    return tier == Tier.HOST ? host : disk;
  }

  /** A tier has a block now, for which room was claimed. */
  void appear(Copy copy) {
    entries.put(copy.entry.hash, copy.entry);
    shelf(copy.tier).put(copy);
    feed.stored(copy.tier, copy.entry.hash);
  }

  /** A tier gives up a block because of its low value. */
  void evict(Copy copy) {
    shelf(copy.tier).evict(copy);
    feed.removed(copy.tier, copy.entry.hash);
    forget(copy);
  }

  /** A tier lost a block. */
  void lose(Copy copy) {
    shelf(copy.tier).remove(copy);
    feed.removed(copy.tier, copy.entry.hash);
    forget(copy);
  }

  private void forget(Copy copy) {
    Entry entry = copy.entry;
    shelf(copy.tier).unclaim(entry.tenant, copy.bytes);
    if (!entry.host.here && !entry.disk.here) {
      entries.remove(entry.hash, entry);
    }
  }

  /** A block was used, wherever it is. */
  void use(Entry entry) {
    entry.uses++;
    for (Copy copy : List.of(entry.host, entry.disk)) {
      if (copy.here) {
        shelf(copy.tier).use(copy);
      }
    }
  }

  /** Whether a tenant may never have so many bytes in a tier of this budget. */
  boolean beyondShare(Tier tier, String tenant, long bytes, long budget) {
    return shelf(tier).bytes(tenant) + bytes > settings.tenantShare() * budget;
  }

  /** Every block, with those before it first. */
  List<Entry> byPosition() {
    List<Entry> all = new ArrayList<>(entries.values());
    all.sort(Comparator.comparingInt(entry -> entry.firstPosition));
    return all;
  }

  /** The blocks of a chain from the first one on, as far as a tier has them. */
  List<Entry> leading(long[] hashes) {
    List<Entry> leading = new ArrayList<>();
    for (int block = 0; block < BlockHash.count(hashes); block++) {
      Entry entry = entries.get(BlockHash.at(hashes, block));
      if (entry == null) {
        break;
      }
      leading.add(entry);
    }
    return leading;
  }

  BlockSnapshot snapshot() {
    return feed.snapshot(Map.of(Tier.HOST, hashes(Tier.HOST), Tier.DISK, hashes(Tier.DISK)));
  }

  private long[] hashes(Tier tier) {
    long[] hashes = new long[BlockHash.LONGS * shelf(tier).blocks()];
    int at = 0;
    for (Entry entry : entries.values()) {
      if (entry.in(tier).here) {
        hashes[at++] = entry.hash.first();
        hashes[at++] = entry.hash.second();
      }
    }
    return hashes;
  }
}
