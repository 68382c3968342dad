package io.sampo.actors.router;

import io.sampo.actors.holder.Holder;
import io.sampo.actors.holder.StoreAddress;
import io.sampo.actors.replica.KvOffer;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.scheduler.Located;
import io.sampo.actors.scheduler.Located.Held;
import io.sampo.actors.scheduler.Located.Source;
import io.sampo.actors.wire.KvHint;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.engines.spi.EngineStats;
import io.sampo.kvcache.block.BlockChain;
import io.sampo.kvcache.event.Tier;
import io.sampo.kvcache.index.PrefixIndex;
import io.sampo.kvcache.index.PrefixSearch;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * Knows where the beginnings of prompts are: a {@link PrefixIndex} in which each replica's engine
 * is a holder by what it was given ({@link EngineBelief}), and each node's store one by what it
 * says ({@link FollowedStore}). Not for several threads; whoever makes it closes it.
 */
final class Locator implements AutoCloseable {

  /** More nodes are never worth comparing: the best one, and another for its own replicas. */
  private static final int SOURCES = 2;

  private static final int[] NOTHING = new int[Tier.COUNT];

  private final PrefixIndex index;
  private final PrefixSearch search;
  private final int maxBlocks;
  private final long askAgainNanos;
  private final ActorRef<Holder.Told> self;
  private final Map<ReplicaId, Site> sites = new HashMap<>();
  private final Map<ActorRef<Holder.Command>, FollowedStore> stores = new HashMap<>();

  /** A replica: what its engine has, and where its node's store is asked. */
  private record Site(EngineBelief engine, int blockTokens, @Nullable StoreAddress store) {

    boolean at(ActorRef<Holder.Command> holder) {
      return store != null && store.holder().equals(holder);
    }
  }

  /**
   * @param maxBlocks how many blocks are remembered, whoever holds them
   * @param askAgain a store that has not answered for so long is asked again
   * @param self where stores answer
   */
  Locator(int maxBlocks, Duration askAgain, ActorRef<Holder.Told> self) {
    this.maxBlocks = maxBlocks;
    this.askAgainNanos = askAgain.toNanos();
    this.self = self;
    index = new PrefixIndex(maxBlocks, PrefixIndex.MAX_HOLDERS, Duration.ZERO);
    search = index.search();
  }

  /** A replica that can take work has reported. */
  void heard(Replica.Report report, long nowNanos) {
    Site known = sites.get(report.replica());
    if (known == null && isFull()) {
      return;
    }
    KvOffer kv = report.kv();
    int blockTokens = kv == null ? BlockChain.DEFAULT_BLOCK_TOKENS : kv.layout().blockTokens();
    Site site =
        new Site(
            known == null ? new EngineBelief(index) : known.engine(),
            blockTokens,
            kv == null ? null : kv.store());
    EngineStats stats = report.stats();
    site.engine().room(stats == null ? 0 : stats.kvTokensTotal() / blockTokens);
    sites.put(report.replica(), site);
    follow(site.store(), nowNanos);
    if (known != null && known.store() != null && !known.equals(site)) {
      leaveUnused();
    }
    index.advance(nowNanos);
  }

  private boolean isFull() {
    return sites.size() + stores.size() + 2 > PrefixIndex.MAX_HOLDERS;
  }

  private void follow(@Nullable StoreAddress store, long nowNanos) {
    if (store == null) {
      return;
    }
    FollowedStore followed = stores.get(store.holder());
    if (followed != null) {
      followed.askAgain(nowNanos, askAgainNanos);
    } else if (!isFull()) {
      stores.put(
          store.holder(), new FollowedStore(index, store.holder(), self, maxBlocks, nowNanos));
    }
  }

  private void leaveUnused() {
    Predicate<ActorRef<Holder.Command>> used =
        holder -> sites.values().stream().anyMatch(site -> site.at(holder));
    stores
        .entrySet()
        .removeIf(
            store -> {
              boolean unused = !used.test(store.getKey());
              if (unused) {
                store.getValue().withdraw();
              }
              return unused;
            });
  }

  /** A replica is gone, with what its engine had; its node's store, too, if no other is there. */
  void withdraw(ReplicaId replica) {
    Site gone = sites.remove(replica);
    if (gone != null) {
      gone.engine().withdraw();
      leaveUnused();
    }
  }

  /** A store has answered. */
  void told(Holder.Told told, long nowNanos) {
    FollowedStore store = stores.get(told.holder());
    if (store != null) {
      store.take(told, nowNanos);
    }
  }

  /** A replica was given a prompt with these blocks. */
  void placed(ReplicaId replica, long[] hashes) {
    Site site = sites.get(replica);
    if (site != null) {
      site.engine().given(hashes);
    }
  }

  /**
   * Where the beginning of a prompt is.
   *
   * @param hashes of its blocks
   * @param session where its session was last, or null
   */
  Located locate(long[] hashes, @Nullable ReplicaId session) {
    if (hashes.length == 0 || sites.isEmpty()) {
      return new Located(1, Map.of(), List.of(), session);
    }
    Map<Integer, int[]> found = new HashMap<>();
    int holders = search.match(hashes);
    for (int hit = 0; hit < holders; hit++) {
      found.put(search.holder(hit), tiers(hit));
    }
    int blockTokens = sites.values().iterator().next().blockTokens();
    return new Located(blockTokens, held(found), sources(found), session);
  }

  private int[] tiers(int hit) {
    int[] blocks = new int[Tier.COUNT];
    for (Tier tier : Tier.values()) {
      blocks[tier.code()] = search.blocks(hit, tier);
    }
    return blocks;
  }

  private Map<ReplicaId, Held> held(Map<Integer, int[]> found) {
    Map<ReplicaId, Held> held = new HashMap<>();
    sites.forEach(
        (replica, site) -> {
          int device = found.getOrDefault(site.engine().holder(), NOTHING)[Tier.DEVICE.code()];
          int[] store = ofStore(site.store(), found);
          int host = Math.max(device, store[Tier.HOST.code()]);
          int disk = Math.max(host, store[Tier.DISK.code()]);
          if (disk > 0) {
            held.put(replica, new Held(device, host, disk));
          }
        });
    return held;
  }

  private int[] ofStore(@Nullable StoreAddress address, Map<Integer, int[]> found) {
    FollowedStore store = address == null ? null : stores.get(address.holder());
    return store == null ? NOTHING : found.getOrDefault(store.holder(), NOTHING);
  }

  private List<Source> sources(Map<Integer, int[]> found) {
    record Filled(StoreAddress store, int blocks) {}
    return sites.values().stream()
        .map(Site::store)
        .filter(store -> store != null && store.port() > 0)
        .distinct()
        .map(store -> new Filled(store, ofStore(store, found)[Tier.DISK.code()]))
        .filter(filled -> filled.blocks() > 0)
        .sorted(Comparator.comparingInt(filled -> -filled.blocks()))
        .limit(SOURCES)
        .map(filled -> source(filled.store(), filled.blocks()))
        .toList();
  }

  private Source source(StoreAddress store, int blocks) {
    return new Source(new KvHint(store.host(), store.port(), blocks), replicasAt(store));
  }

  private Set<ReplicaId> replicasAt(StoreAddress store) {
    return sites.entrySet().stream()
        .filter(site -> site.getValue().at(store.holder()))
        .map(Map.Entry::getKey)
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public void close() {
    index.close();
  }
}
