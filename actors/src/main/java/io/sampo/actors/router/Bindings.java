package io.sampo.actors.router;

import io.sampo.actors.wire.ReplicaId;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where sessions were last placed. Invariant: the least recently used one is forgotten at the
 * bound.
 */
final class Bindings {

  private final Map<String, ReplicaId> sessions;

  Bindings(int bound) {
    sessions =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<String, ReplicaId> eldest) {
            return size() > bound;
          }
        };
  }

  @Nullable ReplicaId find(@Nullable String session) {
    return session == null ? null : sessions.get(session);
  }

  void bind(@Nullable String session, ReplicaId replica) {
    if (session != null) {
      sessions.put(session, replica);
    }
  }

  void forget(ReplicaId replica) {
    sessions.values().removeAll(Set.of(replica));
  }
}
