package io.sampo.actors.policy;

import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import org.jspecify.annotations.Nullable;

/** Candidates and questions of which only a few things matter. */
final class Candidates {

  private static final int BLOCK_TOKENS = 32;

  private Candidates() {}

  static ReplicaId id(int ordinal) {
    return new ReplicaId(new ModelId("m"), ordinal);
  }

  /** An empty replica with four places, which would take so long for the prompt. */
  static Candidate idle(int ordinal, double workMillis) {
    return busy(ordinal, 0, false, false, workMillis, 0, 0);
  }

  /** One that so many sequences run on. */
  static Candidate busy(
      int ordinal,
      int running,
      boolean cached,
      boolean session,
      double workMillis,
      double queueMillis,
      double cost) {
    return new Candidate(
        id(ordinal),
        running < 4,
        running,
        4,
        (long) queueMillis,
        (int) workMillis,
        cached,
        false,
        session,
        running < 4 ? 0 : 500,
        queueMillis,
        workMillis,
        10,
        running * workMillis,
        cost);
  }

  static Question question() {
    return question(null, 7, 20);
  }

  /** With a prompt of so many blocks, whose names depend on the seed. */
  static Question question(@Nullable String session, long seed, int blocks) {
    long[] hashes = new long[2 * blocks];
    for (int i = 0; i < hashes.length; i++) {
      hashes[i] = HashRing.mixed(seed + i);
    }
    return new Question(session, hashes, BLOCK_TOKENS, 20, new Targets(2000, 200), true);
  }
}
