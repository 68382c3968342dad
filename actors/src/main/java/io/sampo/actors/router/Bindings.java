package io.sampo.actors.router;

import io.sampo.actors.wire.ReplicaId;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where sessions and prompt beginnings were last placed; a belief about where their cache is. It is
 * told nothing by the replicas, so it may be wrong, which costs time and nothing else.
 *
 * <p>Sessions are bound by name. A prompt without one is bound by its block hashes: they are
 * chained, so equal hashes mean equal beginnings, and the deepest known one is the longest shared
 * beginning.
 *
 * <p>Invariant: both tables forget their least recently used entry at their bound.
 */
final class Bindings {

  /**
   * Where a prompt would find its cache.
   *
   * @param reason {@code session} or {@code prefix}
   */
  record Binding(ReplicaId replica, String reason) {}

  private final Map<String, ReplicaId> sessions;
  private final Map<Long, ReplicaId> prefixes;

  Bindings(int sessionBound, int prefixBound) {
    sessions = new LeastRecentlyUsed<>(sessionBound);
    prefixes = new LeastRecentlyUsed<>(prefixBound);
  }

  @Nullable Binding find(@Nullable String session, long[] blockHashes) {
    ReplicaId bySession = session == null ? null : sessions.get(session);
    if (bySession != null) {
      return new Binding(bySession, "session");
    }
    for (int block = blockHashes.length - 1; block >= 0; block--) {
      ReplicaId byPrefix = prefixes.get(blockHashes[block]);
      if (byPrefix != null) {
        return new Binding(byPrefix, "prefix");
      }
    }
    return null;
  }

  void bind(@Nullable String session, long[] blockHashes, ReplicaId replica) {
    if (session != null) {
      sessions.put(session, replica);
    }
    for (long hash : blockHashes) {
      prefixes.put(hash, replica);
    }
  }

  void forget(ReplicaId replica) {
    sessions.values().removeAll(Set.of(replica));
    prefixes.values().removeAll(Set.of(replica));
  }

  private static final class LeastRecentlyUsed<K, V> extends LinkedHashMap<K, V> {

    private final int bound;

    LeastRecentlyUsed(int bound) {
      super(16, 0.75f, true);
      this.bound = bound;
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
      return size() > bound;
    }
  }
}
