package io.sampo.actors.generation;

import io.sampo.actors.replica.CacheUse;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.scheduler.PlacementRequest;
import io.sampo.actors.scheduler.Scheduler;
import io.sampo.engines.spi.Grammar;
import io.sampo.engines.spi.Sampling;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** What a request's answers ask of the router and of replicas. */
final class Attempts {

  private final Job job;
  private final Sampling sampling;
  private final ActorRef<Scheduler.Reply> schedulerReplies;
  private final ActorRef<Replica.Event> replicaEvents;

  Attempts(
      Job job,
      AnswerRules rules,
      ActorRef<Scheduler.Reply> schedulerReplies,
      ActorRef<Replica.Event> replicaEvents) {
    this.job = job;
    Grammar grammar = rules.grammar();
    this.sampling = job.request().sampling().withGrammar(grammar);
    this.schedulerReplies = schedulerReplies;
    this.replicaEvents = replicaEvents;
  }

  /** What its answers must obey; null for nothing. */
  @Nullable Grammar grammar() {
    return sampling.grammar();
  }

  /** Asks for a replica; may be repeated. */
  void place(Answer answer) {
    answer.attempt.place(
        new PlacementRequest(
            answer.attempt.key(),
            job.request().session(),
            answer.prompt.ids().length + answer.count() + 1,
            job.request().maxTokens(),
            answer.prompt.blockHashes(),
            job.request().priority(),
            job.request().service(),
            job.deadline().remaining().toMillis(),
            schedulerReplies));
  }

  /** Starts the answer, or what is left of it, on the replica that was found. */
  void start(Answer answer, Scheduler.Assigned place) {
    int[] prompt = answer.continuation();
    int tokenLimit = answer.open(job.settings().window());
    answer.attempted();
    answer.attempt.start(
        place,
        prompt,
        first ->
            new Replica.Start(
                answer.attempt.key(),
                job.request().adapter(),
                prompt.length,
                first,
                answer.nextIndex(),
                job.request().maxTokens(),
                tokenLimit,
                sampling.withChoice(answer.choice()),
                job.request().priority(),
                new CacheUse(job.request().scope(), place.kvHint()),
                replicaEvents));
  }

  /** Lets the replica go on as far as the reader has followed. */
  void allowMore(Answer answer) {
    int limit = answer.extend(job.settings().window());
    if (limit > 0) {
      answer.attempt.allow(limit);
    }
  }
}
