package io.sampo.actors.policy;

import java.util.List;

/** Decides where a request goes. Not for several threads. */
public interface RoutingPolicy {

  /** What it is called in settings and in {@code x-sampo-route}. */
  String name();

  /**
   * Chooses a replica; one without a free place has the request wait, and be asked for again.
   *
   * @param candidates one at least, of which one at least has a free place; in any order
   */
  Choice choose(Question question, List<Candidate> candidates);

  /** A request was booked where this policy had it go. */
  default void booked(Question question, Choice choice) {}
}
