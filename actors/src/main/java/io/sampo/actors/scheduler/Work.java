package io.sampo.actors.scheduler;

import io.sampo.actors.scheduler.Located.Held;
import io.sampo.actors.wire.KvHint;
import io.sampo.actors.wire.ReplicaId;

/**
 * What a prompt is to a replica, by whichever way is the shortest: computing all that its engine
 * lacks, or taking some of that from the node's memory or files, or from another node.
 *
 * @param millis until its last token is computed, once it is its turn
 * @param computedTokens what is computed of it
 */
record Work(double millis, int computedTokens) {

  private static Work cheaper(Work one, double taken, int computed, Pace pace) {
    double millis = taken + computed * pace.prefill();
    return millis < one.millis ? new Work(millis, computed) : one;
  }

  /**
   * Of one prompt at one replica.
   *
   * @param tokens of the prompt
   */
  static Work of(int tokens, Located located, ReplicaId replica, Pace pace) {
    Held held = located.at(replica);
    int device = Math.min(tokens, held.device() * located.blockTokens());
    int host = Math.min(tokens, held.host() * located.blockTokens());
    int disk = Math.min(tokens, held.disk() * located.blockTokens());
    Work best = new Work((tokens - device) * pace.prefill(), tokens - device);
    double taken = (host - device) * pace.host();
    best = cheaper(best, taken, tokens - host, pace);
    taken += (disk - host) * pace.disk();
    best = cheaper(best, taken, tokens - disk, pace);
    KvHint hint = located.hint(replica);
    if (hint != null) {
      int there = Math.min(tokens, hint.blocks() * located.blockTokens());
      taken += (there - disk) * pace.peer();
      best = cheaper(best, taken, tokens - there, pace);
    }
    return best;
  }
}
