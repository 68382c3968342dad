package io.sampo.actors.policy;

import io.sampo.actors.wire.ReplicaId;

/**
 * What is known of one replica while a request is placed. Times are predictions in milliseconds.
 *
 * @param free whether it has a place now
 * @param running sequences that hold a place there
 * @param places how many it has
 * @param waitingTokens prompt tokens booked there and not yet computed
 * @param uncachedTokens what it would have to compute of the prompt
 * @param cached whether its engine or node holds some of the prompt's beginning
 * @param fetches whether another node has more of it, which can be fetched
 * @param session whether the session was last there
 * @param placeMillis until a place is free; 0 where one is
 * @param queueMillis for the prompts before it
 * @param workMillis for what of the prompt is not in the engine: computing it, or bringing it there
 * @param stepMillis between two tokens of the answer with this one beside the others; 0 where
 *     nothing was measured
 * @param slowdownMillis by which the sequences there end later, all together
 * @param costPerHour of its machine; 0 where nobody says
 */
public record Candidate(
    ReplicaId replica,
    boolean free,
    int running,
    int places,
    long waitingTokens,
    int uncachedTokens,
    boolean cached,
    boolean fetches,
    boolean session,
    double placeMillis,
    double queueMillis,
    double workMillis,
    double stepMillis,
    double slowdownMillis,
    double costPerHour) {

  /** The predicted time to first token. */
  double firstTokenMillis() {
    return placeMillis + queueMillis + workMillis;
  }

  boolean meets(Targets targets) {
    return firstTokenMillis() <= targets.firstTokenMillis()
        && stepMillis <= targets.nextTokenMillis();
  }

  double load() {
    return (double) running / places;
  }
}
