package io.sampo.actors.policy;

import java.util.Comparator;
import java.util.List;

/**
 * LMetric (OSDI 2026, arXiv 2603.15202): the smallest product of the prompt tokens that a replica
 * would have to compute, waiting ones included, and its batch. No weights, and blind to how fast a
 * machine is.
 */
final class ProductPolicy implements RoutingPolicy {

  private static final Comparator<Candidate> PRODUCT =
      Comparator.comparingDouble(ProductPolicy::product)
          .thenComparingInt(Candidate::running)
          .thenComparingInt(candidate -> candidate.replica().ordinal());

  @Override
  public String name() {
    return "product";
  }

  @Override
  public Choice choose(Question question, List<Candidate> candidates) {
    return candidates.stream()
        .filter(Candidate::free)
        .min(PRODUCT)
        .map(candidate -> Choice.of(candidate, candidate.cached() ? "prefix" : "load"))
        .orElse(Choice.of(candidates.getFirst(), "load"));
  }

  private static double product(Candidate candidate) {
    return (double) (candidate.waitingTokens() + candidate.uncachedTokens())
        * (candidate.running() + 1);
  }
}
