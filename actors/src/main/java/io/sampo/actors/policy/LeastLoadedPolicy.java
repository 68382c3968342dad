package io.sampo.actors.policy;

import java.util.Comparator;
import java.util.List;

/** The replica with the smallest share of its places taken: what a plain load balancer knows. */
final class LeastLoadedPolicy implements RoutingPolicy {

  private static final Comparator<Candidate> LOAD =
      Comparator.comparingDouble(Candidate::load).thenComparingInt(Candidate::running);

  @Override
  public String name() {
    return "least-loaded";
  }

  @Override
  public Choice choose(Question question, List<Candidate> candidates) {
    return Choice.of(least(candidates), "load");
  }

  static Candidate least(List<Candidate> candidates) {
    return candidates.stream().filter(Candidate::free).min(LOAD).orElse(candidates.getFirst());
  }
}
