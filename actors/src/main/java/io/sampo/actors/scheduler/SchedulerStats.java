package io.sampo.actors.scheduler;

import java.util.List;

/**
 * How a scheduler stands, and what it did since it began.
 *
 * @param waiting requests that wait for a place
 * @param waitingBound how many may
 * @param oldestMillis how long the one has waited that has waited longest; 0 where none waits
 * @param refused requests that got no place
 * @param releasesPerSecond places that come free while others wait; 0 while that is not known
 * @param decisions places given, by why there
 * @param replicas what was learned of each
 */
public record SchedulerStats(
    int waiting,
    int waitingBound,
    long oldestMillis,
    long refused,
    double releasesPerSecond,
    List<Decisions> decisions,
    List<ReplicaRates> replicas) {

  /**
   * Places that were given for one reason.
   *
   * @param reason policy and reason, in a few words
   */
  public record Decisions(String reason, long places) {}

  public SchedulerStats {
    decisions = List.copyOf(decisions);
    replicas = List.copyOf(replicas);
  }
}
