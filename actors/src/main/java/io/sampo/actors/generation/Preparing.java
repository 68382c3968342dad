package io.sampo.actors.generation;

import io.sampo.actors.generation.Generation.Command;
import io.sampo.actors.generation.GenerationEvent.Admitted;
import io.sampo.actors.generation.GenerationEvent.Failed;
import io.sampo.actors.wire.Failure;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * A generation's first phase: its prompts are rendered and tokenized, which takes a while for long
 * ones and so has threads of its own. Credit that comes in the meantime is kept for what follows.
 */
final class Preparing {

  private final ActorContext<Command> context;
  private final TimerScheduler<Command> timers;
  private final Job job;

  private Preparing(ActorContext<Command> context, TimerScheduler<Command> timers, Job job) {
    this.context = context;
    this.timers = timers;
    this.job = job;
  }

  static Behavior<Command> create(Job job, int credit) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(timers -> new Preparing(context, timers, job).begin(credit)));
  }

  private Behavior<Command> begin(int credit) {
    job.reader().tell(new Admitted(context.getSelf()));
    context.watchWith(job.reader().ref(), new Generation.HangUp());
    timers.startSingleTimer(Generation.Timer.DEADLINE, job.deadline().remaining());
    Executor executor = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
    context.pipeToSelf(
        CompletableFuture.supplyAsync(
            () -> Preparation.of(job.request(), job.model(), job.stream()), executor),
        (prepared, failed) -> {
          if (prepared != null) {
            return new Generation.Prepared(prepared);
          }
          context.getLog().error("the prompt of {} broke", job.request().id(), failed);
          return new Generation.Abort(Failure.internal(job.request().id().value()));
        });
    return waiting(credit);
  }

  private Behavior<Command> waiting(int credit) {
    return Behaviors.receiveMessage(
        command ->
            switch (command) {
              case Generation.Prepared(Preparation.Ready ready) ->
                  new Generation(context, timers, job, ready, credit).begin();
              case Generation.Prepared(Preparation.Refused refused) -> end(refused.failure());
              case Generation.Grant grant -> waiting(credit + grant.events());
              case Generation.HangUp hangUp -> Behaviors.stopped();
              case Generation.Abort abort -> end(abort.failure());
              case Generation.Timer timer ->
                  end(Failure.deadlineExceeded(job.deadline().limit().toMillis(), "queue"));
              case Generation.FromReplica from -> Behaviors.same();
              case Generation.FromScheduler from -> Behaviors.same();
              case Generation.PlaceAgain again -> Behaviors.same();
              case Generation.FromStandby from -> Behaviors.same();
            });
  }

  private Behavior<Command> end(Failure failure) {
    job.reader().tell(new Failed(failure));
    return Behaviors.stopped();
  }
}
