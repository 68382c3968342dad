package io.sampo.actors.scheduler;

import io.sampo.actors.wire.KvHint;
import io.sampo.actors.wire.ReplicaId;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the beginning of a prompt is. Numbers are leading blocks; a slower tier counts those of the
 * faster ones, too.
 *
 * @param blockTokens tokens of a block
 * @param held by replica; one that has nothing is absent
 * @param sources the nodes that have most, and can give it, the best first
 * @param session where the session was last, or null
 */
public record Located(
    int blockTokens, Map<ReplicaId, Held> held, List<Source> sources, @Nullable ReplicaId session) {

  /** Nothing is known of it. */
  public static final Located NOWHERE = new Located(1, Map.of(), List.of(), null);

  /**
   * What one replica finds where it is.
   *
   * @param device in its engine
   * @param host in its node's main memory, or in the engine
   * @param disk in its node's files, or in one of the others
   */
  public record Held(int device, int host, int disk) {

    static final Held NOTHING = new Held(0, 0, 0);
  }

  /**
   * A node whose blocks others can fetch.
   *
   * @param replicas the ones on this node, which need not fetch
   */
  public record Source(KvHint hint, Set<ReplicaId> replicas) {}

  public Located {
    held = Map.copyOf(held);
    sources = List.copyOf(sources);
  }

  Held at(ReplicaId replica) {
    return held.getOrDefault(replica, Held.NOTHING);
  }

  /** Where a replica would fetch what is not on its own node; null for nowhere. */
  @Nullable KvHint hint(ReplicaId replica) {
    for (Source source : sources) {
      if (!source.replicas().contains(replica)) {
        return source.hint().blocks() > at(replica).disk() ? source.hint() : null;
      }
    }
    return null;
  }
}
