package io.sampo.actors.policy;

import io.sampo.actors.wire.ReplicaId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * DualMap (ICLR 2026): a prompt's beginning belongs to two replicas by two hash functions. It goes
 * to the one that has more of it in its cache, as long as that one begins within 5 s; else to the
 * one that begins sooner. A beginning that takes more than 2/n of the requests is told apart by 512
 * tokens more, until it takes less than 1/n. Their moving of queued requests to the other replica
 * has no place here: no request is bound to a replica before it has a place there.
 */
final class DualMapPolicy implements RoutingPolicy {

  private static final int UNIT_TOKENS = 512;
  private static final double TARGET_MILLIS = 5000;

  /** After so many requests the counts of all before weigh half. */
  private static final int HALVED_AFTER = 1000;

  private static final long SECOND_HASH = 0x9E3779B97F4A7C15L;

  private final HashRing ring = new HashRing();
  private final Map<Long, Integer> counts = new HashMap<>();
  private final Set<Long> hot = new HashSet<>();
  private int total;
  private int sinceHalved;

  @Override
  public String name() {
    return "dualmap";
  }

  @Override
  public Choice choose(Question question, List<Candidate> candidates) {
    long key = key(question);
    if (key == 0) {
      return Choice.of(LeastLoadedPolicy.least(candidates), "load");
    }
    Map<ReplicaId, Candidate> byId = new HashMap<>();
    candidates.forEach(candidate -> byId.put(candidate.replica(), candidate));
    ring.set(byId.keySet());
    Candidate one = byId.get(ring.owner(key));
    Candidate other = byId.get(second(key, one));
    if (one == null || other == null || !(one.free() || other.free())) {
      return Choice.of(one == null ? candidates.getFirst() : one, "first");
    }
    if (!(one.free() && other.free())) {
      return Choice.of(one.free() ? one : other, "free");
    }
    Candidate fuller = one.uncachedTokens() <= other.uncachedTokens() ? one : other;
    if (fuller.cached() && fuller.firstTokenMillis() <= TARGET_MILLIS) {
      return Choice.of(fuller, "prefix");
    }
    return Choice.of(one.firstTokenMillis() <= other.firstTokenMillis() ? one : other, "sooner");
  }

  private ReplicaId second(long key, @Nullable Candidate first) {
    for (ReplicaId replica : ring.from(key ^ SECOND_HASH)) {
      if (first == null || !replica.equals(first.replica())) {
        return replica;
      }
    }
    return ring.owner(key);
  }

  /** The beginning by which a prompt is told apart: a longer one where shorter ones are hot. */
  private long key(Question question) {
    int tokens = UNIT_TOKENS;
    while (hot.contains(question.prefix(tokens)) && question.reaches(tokens + UNIT_TOKENS)) {
      tokens += UNIT_TOKENS;
    }
    return question.prefix(tokens);
  }

  @Override
  public void booked(Question question, Choice choice) {
    int tokens = UNIT_TOKENS;
    boolean deeper = question.prefix(tokens) != 0;
    while (deeper) {
      long key = question.prefix(tokens);
      counts.merge(key, 1, Integer::sum);
      deeper = hot.contains(key) && question.reaches(tokens + UNIT_TOKENS);
      tokens += UNIT_TOKENS;
    }
    total++;
    if (++sinceHalved >= HALVED_AFTER) {
      halve();
    }
    heat(question.prefix(UNIT_TOKENS), replicas());
    heat(key(question), replicas());
  }

  private int replicas() {
    return Math.max(1, ring.size());
  }

  private void heat(long key, int replicas) {
    double share = counts.getOrDefault(key, 0) / (double) Math.max(HALVED_AFTER / 10, total);
    if (share > 2.0 / replicas) {
      hot.add(key);
    } else if (share < 1.0 / replicas) {
      hot.remove(key);
    }
  }

  private void halve() {
    sinceHalved = 0;
    total /= 2;
    counts.replaceAll((_, count) -> count / 2);
    counts.values().removeIf(count -> count == 0);
    hot.retainAll(counts.keySet());
  }
}
