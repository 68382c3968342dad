package io.sampo.actors.policy;

import io.sampo.actors.wire.ReplicaId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A session, or a prompt's beginning where there is none, belongs to one replica of a {@link
 * HashRing}. {@code sticky} waits for it, whatever its load. {@code bounded-load} goes on to the
 * next one of the ring where a replica has more than 1.25 times its fair part of the sequences
 * (Mirrokni, Thorup, Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018; the bound
 * is the one of CacheRoute's arm, arXiv 2608.19677).
 */
final class HashPolicy implements RoutingPolicy {

  private static final double FAIR_PARTS = 1.25;

  /** Prompts with so many equal tokens belong together. */
  private static final int PREFIX_TOKENS = 512;

  private final String name;
  private final double fairParts;
  private final HashRing ring = new HashRing();

  private HashPolicy(String name, double fairParts) {
    this.name = name;
    this.fairParts = fairParts;
  }

  static HashPolicy sticky() {
    return new HashPolicy("sticky", Double.POSITIVE_INFINITY);
  }

  static HashPolicy boundedLoad() {
    return new HashPolicy("bounded-load", FAIR_PARTS);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Choice choose(Question question, List<Candidate> candidates) {
    String session = question.session();
    long key = session == null ? question.prefix(PREFIX_TOKENS) : HashRing.hash(session);
    if (key == 0) {
      return Choice.of(LeastLoadedPolicy.least(candidates), "load");
    }
    Map<ReplicaId, Candidate> byId = new HashMap<>();
    long running = 0;
    for (Candidate candidate : candidates) {
      byId.put(candidate.replica(), candidate);
      running += candidate.running();
    }
    ring.set(byId.keySet());
    double bound = Math.ceil(fairParts * (running + 1) / candidates.size());
    ReplicaId owner = ring.owner(key);
    if (fits(byId.get(owner), bound)) {
      return new Choice(owner, "hash");
    }
    for (ReplicaId replica : ring.from(key)) {
      if (fits(byId.get(replica), bound)) {
        return new Choice(replica, "overflow");
      }
    }
    return new Choice(owner, "hash");
  }

  private static boolean fits(@Nullable Candidate candidate, double bound) {
    return candidate != null
        && (bound == Double.POSITIVE_INFINITY
            || (candidate.free() && candidate.running() + 1 <= bound));
  }
}
