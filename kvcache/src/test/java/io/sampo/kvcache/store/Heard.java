package io.sampo.kvcache.store;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.event.AllBlocksCleared;
import io.sampo.kvcache.event.BlockEvent;
import io.sampo.kvcache.event.BlockRemoved;
import io.sampo.kvcache.event.BlockSnapshot;
import io.sampo.kvcache.event.BlockStored;
import io.sampo.kvcache.event.EventReader;
import io.sampo.kvcache.event.Tier;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Keeps account of a store by what the store says. When events were dropped, because this listener
 * got too little time, it asks for a snapshot, as every reader has to.
 */
final class Heard implements StoreListener {

  final List<String> troubles = new CopyOnWriteArrayList<>();
  private final Map<Tier, Set<BlockHash>> blocks = new EnumMap<>(Tier.class);
  private final EventReader reader = new EventReader(1);
  private @Nullable BlockStore store;
  private long next;

  /** Whom to ask for a snapshot. */
  synchronized void follow(BlockStore followed) {
    store = followed;
  }

  @Override
  public synchronized void onEvents(List<BlockEvent> events) {
    for (BlockEvent event : events) {
      switch (reader.read(event)) {
        case FIRST, NEXT -> apply(event);
        case GAP -> replace();
        case OLD, KEPT -> {}
      }
    }
    notifyAll();
  }

  private void apply(BlockEvent event) {
    next = event.number() + 1;
    switch (event) {
      case BlockStored stored -> of(stored.tier()).addAll(hashes(stored.hashes()));
      case BlockRemoved removed -> of(removed.tier()).removeAll(hashes(removed.hashes()));
      case AllBlocksCleared _ -> blocks.clear();
    }
  }

  private void replace() {
    BlockSnapshot snapshot = Objects.requireNonNull(store, "events were lost").snapshot();
    if (!reader.accepts(snapshot)) {
      throw new AssertionError("a snapshot is older than the events before it");
    }
    reader.takeKept();
    next = snapshot.next();
    blocks.clear();
    snapshot.hashes().forEach((tier, all) -> of(tier).addAll(hashes(all)));
  }

  @Override
  public void onTrouble(String trouble) {
    troubles.add(trouble);
  }

  private Set<BlockHash> of(Tier tier) {
    return blocks.computeIfAbsent(tier, _ -> new HashSet<>());
  }

  private static Set<BlockHash> hashes(long[] longs) {
    Set<BlockHash> hashes = new HashSet<>();
    for (int i = 0; i < BlockHash.count(longs); i++) {
      hashes.add(BlockHash.at(longs, i));
    }
    return hashes;
  }

  /** Whether a tier has this block, by what was heard. */
  synchronized boolean has(BlockHash hash) {
    return blocks.values().stream().anyMatch(tier -> tier.contains(hash));
  }

  /** Whether all that was heard before a snapshot makes what the snapshot says. */
  synchronized boolean agreesWith(BlockSnapshot snapshot) throws InterruptedException {
    long deadline = System.nanoTime() + 5_000_000_000L;
    while (next < snapshot.next() && System.nanoTime() < deadline) {
      wait(100);
    }
    return next == snapshot.next()
        && of(Tier.HOST).equals(hashes(snapshot.hashes().getOrDefault(Tier.HOST, new long[0])))
        && of(Tier.DISK).equals(hashes(snapshot.hashes().getOrDefault(Tier.DISK, new long[0])));
  }
}
