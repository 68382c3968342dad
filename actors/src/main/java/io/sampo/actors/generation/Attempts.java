package io.sampo.actors.generation;

import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.scheduler.PlacementRequest;
import io.sampo.actors.scheduler.Scheduler;
import io.sampo.engines.spi.Grammar;
import io.sampo.engines.spi.Sampling;
import java.util.Arrays;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * What is said to the router and to replicas for a request's answers. Each answer is one sequence,
 * and each attempt at it an epoch of that.
 */
final class Attempts {

  /** Ids in one message to a replica, well below the frame limit of the cluster's transport. */
  static final int PIECE_TOKENS = 16_384;

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

  /** Asks for a replica; may be repeated. */
  void place(Answer answer) {
    answer.placing(System.nanoTime());
    job.router()
        .accept(
            new Router.Place(
                new PlacementRequest(
                    answer.key(),
                    job.request().session(),
                    answer.prompt.ids().length + answer.count() + 1,
                    answer.prompt.blockHashes(),
                    job.request().priority(),
                    job.deadline().remaining().toMillis(),
                    schedulerReplies)));
  }

  /** Starts the answer, or what is left of it, on the replica that was found. */
  void start(Answer answer, ActorRef<Replica.Command> replica) {
    int[] prompt = answer.continuation();
    int tokenLimit = answer.delivered() + job.settings().window();
    answer.starting(replica, tokenLimit, System.nanoTime());
    int first = Math.min(PIECE_TOKENS, prompt.length);
    replica.tell(
        new Replica.Start(
            answer.key(),
            job.request().adapter(),
            prompt.length,
            first == prompt.length ? prompt : Arrays.copyOf(prompt, first),
            answer.count(),
            job.request().maxTokens(),
            tokenLimit,
            sampling.withChoice(answer.choice()),
            job.request().priority(),
            replicaEvents));
    for (int offset = first; offset < prompt.length; offset += PIECE_TOKENS) {
      int end = Math.min(prompt.length, offset + PIECE_TOKENS);
      replica.tell(
          new Replica.PromptPiece(answer.key(), offset, Arrays.copyOfRange(prompt, offset, end)));
    }
  }

  /** Lets the replica go on as far as the reader has followed. */
  void allowMore(Answer answer) {
    int limit = answer.extend(job.settings().window());
    if (limit > 0 && answer.replica() instanceof ActorRef<Replica.Command> replica) {
      replica.tell(new Replica.Allow(answer.key(), limit));
    }
  }

  /** Tells the answer's replica, if it has one, that the answer is still wanted. */
  void beat(Answer answer) {
    if (!answer.ended() && answer.replica() instanceof ActorRef<Replica.Command> replica) {
      replica.tell(new Replica.GenerationAlive(answer.key()));
    }
  }

  /**
   * Frees the sequence's place, also where it only waits for one. A replica that has ended it
   * already ignores this.
   */
  void leave(Answer answer) {
    if (answer.replica() instanceof ActorRef<Replica.Command> replica) {
      replica.tell(new Replica.Cancel(answer.key()));
    }
    job.router().accept(new Router.Release(answer.key()));
  }
}
