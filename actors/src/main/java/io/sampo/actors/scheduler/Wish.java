package io.sampo.actors.scheduler;

import io.sampo.actors.policy.Question;
import io.sampo.actors.policy.Targets;

/**
 * What a request may expect at this moment.
 *
 * @param targets of its service class
 * @param patient whether it has waited for less than it may until its first token
 */
record Wish(Targets targets, boolean patient) {

  Question question(PlacementRequest request, Located located, double answerTokens) {
    return new Question(
        request.session(),
        request.blockHashes(),
        located.blockTokens(),
        answerTokens,
        targets,
        patient);
  }
}
