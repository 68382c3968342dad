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

  void unbind(String session) {
    sessions.remove(session);
  }

  int size() {
    return sessions.size();
  }

  /** Where so many sessions are at most, the ones used last. */
  Map<String, String> latest(int most) {
    Map<String, String> latest = new LinkedHashMap<>();
    sessions.entrySet().stream()
        .skip(Math.max(0, sessions.size() - Math.max(0, most)))
        .forEach(entry -> latest.put(entry.getKey(), entry.getValue().toString()));
    return latest;
  }

  void forget(ReplicaId replica) {
    sessions.values().removeAll(Set.of(replica));
  }
}
