package io.sampo.actors.policy;

import io.sampo.actors.wire.ReplicaId;

/**
 * What a policy chose.
 *
 * @param replica where to; the request waits where this one has no free place
 * @param reason why there, in a word
 */
public record Choice(ReplicaId replica, String reason) {

  static Choice of(Candidate candidate, String reason) {
    return new Choice(candidate.replica(), reason);
  }
}
