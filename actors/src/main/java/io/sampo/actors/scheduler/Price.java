package io.sampo.actors.scheduler;

import io.sampo.actors.scheduler.Located.Held;
import io.sampo.actors.wire.KvHint;
import io.sampo.actors.wire.ReplicaId;

/**
 * What it costs to have a prompt begun by a replica, in milliseconds of those who wait: the request
 * itself, which waits for the work before it and for its own, and the streams beside it, which its
 * own work holds up. So a long prompt goes where few run and a cached one where its cache is, which
 * is LMetric's product of uncached work and batch size (arXiv 2603.15202) with the queue added.
 *
 * @param waiting until the prompts before it are computed
 * @param work of the prompt itself
 * @param beside how many sequences it is computed beside
 * @param share of the replica's places that are taken
 * @param session whether the session was last there
 */
record Price(double waiting, double work, int beside, double share, boolean session) {

  /** What a replica loses against an empty one when it is full, all else being equal. */
  private static final double CROWDED_MILLIS = 20;

  /** A session stays where it is unless it would begin so much sooner elsewhere. */
  private static final double STAYING_MILLIS = 2000;

  double millis() {
    return waiting + work * (1 + beside) + share * CROWDED_MILLIS - (session ? STAYING_MILLIS : 0);
  }

  /**
   * The work of a prompt at a replica, by whichever way is the shortest: computing all that its
   * engine lacks, or taking some of that from the node's memory or files, or from another node.
   */
  static double work(int tokens, Located located, ReplicaId replica, Pace pace) {
    Held held = located.at(replica);
    int device = Math.min(tokens, held.device() * located.blockTokens());
    int host = Math.min(tokens, held.host() * located.blockTokens());
    int disk = Math.min(tokens, held.disk() * located.blockTokens());
    double best = (tokens - device) * pace.prefill();
    double taken = (host - device) * pace.host();
    best = Math.min(best, taken + (tokens - host) * pace.prefill());
    taken += (disk - host) * pace.disk();
    best = Math.min(best, taken + (tokens - disk) * pace.prefill());
    KvHint hint = located.hint(replica);
    if (hint != null) {
      int there = Math.min(tokens, hint.blocks() * located.blockTokens());
      taken += (there - disk) * pace.peer();
      best = Math.min(best, taken + (tokens - there) * pace.prefill());
    }
    return best;
  }
}
