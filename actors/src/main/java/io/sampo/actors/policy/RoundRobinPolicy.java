package io.sampo.actors.policy;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** One replica after the other, by their numbers; those without a free place are passed over. */
final class RoundRobinPolicy implements RoutingPolicy {

  private int last = -1;

  @Override
  public String name() {
    return "round-robin";
  }

  @Override
  public Choice choose(Question question, List<Candidate> candidates) {
    Candidate next = first(candidates, last);
    next = next == null ? first(candidates, -1) : next;
    return Choice.of(next == null ? candidates.getFirst() : next, "turn");
  }

  /** The free one with the smallest number above this. */
  private static @Nullable Candidate first(List<Candidate> candidates, int above) {
    Candidate first = null;
    for (Candidate candidate : candidates) {
      int number = candidate.replica().ordinal();
      if (candidate.free()
          && number > above
          && (first == null || number < first.replica().ordinal())) {
        first = candidate;
      }
    }
    return first;
  }

  @Override
  public void booked(Question question, Choice choice) {
    last = choice.replica().ordinal();
  }
}
