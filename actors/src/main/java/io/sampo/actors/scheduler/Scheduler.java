package io.sampo.actors.scheduler;

import io.sampo.actors.policy.RoutingPolicy;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.KvHint;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.WireMessage;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/** Assigns the requests of one model to its replicas; the only place that books their capacity. */
public final class Scheduler extends AbstractMatchingBehavior<Scheduler.Command> {

  public sealed interface Command {}

  /**
   * Wants a replica for a sequence; answered at once, or when one becomes free.
   *
   * @param located where its beginning is
   */
  public record Assign(PlacementRequest request, Located located) implements Command {}

  /** The sequence has ended, or does not want to wait any more. Unknown ones are ignored. */
  public record Release(SequenceKey sequence) implements Command {}

  public record ReplicaReady(ReadyReplica replica, ActorRef<Replica.Command> ref)
      implements Command {}

  public record ReplicaLost(ReplicaId replica) implements Command {}

  /**
   * Wants to know how things stand.
   *
   * @param told hears it, on this actor's thread
   */
  public record Describe(Consumer<SchedulerStats> told) implements Command {}

  private enum Timer implements Command {
    EXPIRE
  }

  /** What the requester hears: one of these, once for each question. */
  public sealed interface Reply extends WireMessage {
    SequenceKey sequence();
  }

  /**
   * A place is booked.
   *
   * @param kvHint where the replica may find what it lacks of the prompt's beginning, or null
   * @param route policy and reason, in a few words
   */
  public record Assigned(
      SequenceKey sequence,
      ReplicaId replica,
      ActorRef<Replica.Command> ref,
      @Nullable KvHint kvHint,
      String route)
      implements Reply {}

  public record Refused(SequenceKey sequence, Failure failure) implements Reply {}

  /** Tells the router where a request went. */
  public record Placed(PlacementRequest request, ReplicaId replica) {}

  /** How often the waiting are looked at; while none waits, never. */
  private static final Duration EXPIRY_INTERVAL = Duration.ofMillis(500);

  private final TimerScheduler<Command> timers;
  private final ActorRef<Placed> router;
  private final Dispatcher dispatcher;
  private final Map<ReplicaId, ActorRef<Replica.Command>> refs = new HashMap<>();

  private Scheduler(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      SchedulerSettings settings,
      RoutingPolicy policy,
      ActorRef<Placed> router) {
    super(context);
    this.timers = timers;
    this.router = router;
    this.dispatcher = new Dispatcher(settings, policy, this::perform);
  }

  /**
   * Makes the scheduler of one model.
   *
   * @param policy of this scheduler alone
   * @param router is told where requests went
   */
  public static Behavior<Command> create(
      SchedulerSettings settings, RoutingPolicy policy, ActorRef<Placed> router) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> new Scheduler(context, timers, settings, policy, router)));
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    long now = System.nanoTime();
    switch (command) {
      case Assign assign -> dispatcher.assign(assign.request(), assign.located(), now);
      case Release release -> dispatcher.release(release.sequence(), now);
      case ReplicaReady ready -> {
        refs.put(ready.replica().replica(), ready.ref());
        dispatcher.replicaReady(ready.replica(), now);
      }
      case ReplicaLost lost -> {
        refs.remove(lost.replica());
        dispatcher.replicaLost(lost.replica());
      }
      case Describe describe -> describe.told().accept(dispatcher.stats(now));
      case Timer timer -> dispatcher.expire(now);
    }
    watchExpiry();
    return this;
  }

  private void watchExpiry() {
    if (dispatcher.anyWaits() && !timers.isTimerActive(Timer.EXPIRE)) {
      timers.startSingleTimer(Timer.EXPIRE, EXPIRY_INTERVAL);
    }
  }

  private void perform(Dispatcher.Decision decision) {
    PlacementRequest request = decision.request();
    switch (decision) {
      case Dispatcher.Placed placed -> {
        ActorRef<Replica.Command> ref = refs.get(placed.replica());
        if (ref == null) {
          throw new IllegalStateException(
              "booked a replica without an address: " + placed.replica());
        }
        router.tell(new Placed(request, placed.replica()));
        request
            .replyTo()
            .tell(
                new Assigned(
                    request.sequence(),
                    placed.replica(),
                    ref,
                    placed.located().hint(placed.replica()),
                    placed.route()));
      }
      case Dispatcher.Refused refused ->
          request
              .replyTo()
              .tell(
                  new Refused(
                      request.sequence(),
                      Failure.unavailable(refused.code(), refused.retryAfterSeconds())));
    }
  }
}
