package io.sampo.actors.policy;

import io.sampo.actors.wire.ReplicaId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Ours: where a request costs least, in milliseconds of all who wait, among the replicas that begin
 * and go on within its targets.
 *
 * <p>A session stays where it was; it leaves only when that replica would begin too late and
 * another one would not. Whatever has no session, or leaves, goes to the replica with the smallest
 * cost: the time until it begins, the time its answer takes there, and what it takes from the
 * sequences beside it. A cached beginning makes the first part short, a slow machine makes all of
 * it long, so that caches, queues and unequal machines are weighed in one unit. Where no free
 * replica meets the targets, one that is full now but soon is not may still be worth waiting for.
 *
 * <p>Prompts of which nobody has anything are spread: of the replicas that cost about the same the
 * one is taken that was given such a prompt longest ago (llm-d's no-hit-lru scorer).
 *
 * <p>Where costs count, the replica on the cheapest machine that meets the targets is taken.
 */
final class AffinityPolicy implements RoutingPolicy {

  /** What a full replica loses against an empty one, all else being equal. */
  private static final double CROWDED_MILLIS = 20;

  /** Costs that differ by less are the same: they are predictions. */
  private static final double SAME_MILLIS = 1;

  private static final double SAME_PART = 0.02;

  private static final String SPREAD = "spread";

  private final boolean costAware;
  private final Map<ReplicaId, Long> lastCold = new HashMap<>();
  private long turn;

  AffinityPolicy(boolean costAware) {
    this.costAware = costAware;
  }

  /** How well a replica suits; the earlier, the better. */
  private enum Rank {
    MEETS,
    /** Full now, but predicted to have a place in time. */
    WILL_MEET,
    MISSES,
    /** Full, and there is no time to wait. */
    OUT
  }

  @Override
  public String name() {
    return RoutingPolicies.AFFINITY;
  }

  @Override
  public Choice choose(Question question, List<Candidate> candidates) {
    Candidate home = home(candidates);
    if (home != null && stays(home, question, candidates)) {
      return Choice.of(home, "session");
    }
    Candidate best = best(question, candidates);
    if (best.cached() || best.fetches()) {
      return Choice.of(best, best.cached() ? "prefix" : "fetch");
    }
    return Choice.of(longestWithoutCold(best, question, candidates), SPREAD);
  }

  private static @Nullable Candidate home(List<Candidate> candidates) {
    for (Candidate candidate : candidates) {
      if (candidate.session()) {
        return candidate;
      }
    }
    return null;
  }

  private static boolean stays(Candidate home, Question question, List<Candidate> candidates) {
    double limit = question.targets().firstTokenMillis();
    if (home.firstTokenMillis() <= limit) {
      return home.free() || question.patient();
    }
    return home.free()
        && candidates.stream()
            .noneMatch(other -> other.free() && other.firstTokenMillis() <= limit);
  }

  private Candidate best(Question question, List<Candidate> candidates) {
    Candidate best = candidates.getFirst();
    for (Candidate candidate : candidates) {
      if (better(candidate, best, question)) {
        best = candidate;
      }
    }
    return best;
  }

  private boolean better(Candidate one, Candidate other, Question question) {
    int rank = rank(one, question).compareTo(rank(other, question));
    if (rank != 0) {
      return rank < 0;
    }
    if (costAware && one.costPerHour() != other.costPerHour() && one.meets(question.targets())) {
      return one.costPerHour() < other.costPerHour();
    }
    return millis(one, question) < millis(other, question);
  }

  private Rank rank(Candidate candidate, Question question) {
    if (!candidate.free() && !question.patient()) {
      return Rank.OUT;
    }
    if (!candidate.meets(question.targets())) {
      return Rank.MISSES;
    }
    return candidate.free() || costAware ? Rank.MEETS : Rank.WILL_MEET;
  }

  private static double millis(Candidate candidate, Question question) {
    return candidate.firstTokenMillis()
        + question.answerTokens() * candidate.stepMillis()
        + candidate.slowdownMillis()
        + CROWDED_MILLIS * candidate.load();
  }

  private Candidate longestWithoutCold(
      Candidate best, Question question, List<Candidate> candidates) {
    double limit = millis(best, question) * (1 + SAME_PART) + SAME_MILLIS;
    Rank rank = rank(best, question);
    Candidate longest = null;
    for (Candidate candidate : candidates) {
      if (!candidate.cached()
          && !candidate.fetches()
          && rank(candidate, question) == rank
          && candidate.costPerHour() <= best.costPerHour()
          && millis(candidate, question) <= limit
          && (longest == null || lastTurn(candidate) < lastTurn(longest))) {
        longest = candidate;
      }
    }
    return longest == null ? best : longest;
  }

  private long lastTurn(Candidate candidate) {
    return lastCold.getOrDefault(candidate.replica(), 0L);
  }

  @Override
  public void booked(Question question, Choice choice) {
    if (choice.reason().equals(SPREAD)) {
      lastCold.put(choice.replica(), ++turn);
    }
  }
}
