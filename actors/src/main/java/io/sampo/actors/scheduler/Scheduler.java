package io.sampo.actors.scheduler;

import io.sampo.actors.replica.Replica;
import io.sampo.actors.scheduler.WaitingQueue.Waiting;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.KvHint;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.WireMessage;
import io.sampo.engines.spi.EngineCapabilities;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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

  /** How soon a refused client may come back. */
  private static final int RETRY_AFTER_SECONDS = 1;

  private static final int NO_REPLICA_RETRY_AFTER_SECONDS = 5;

  public sealed interface Command {}

  /**
   * Wants a replica for a sequence; answered at once, or when one becomes free.
   *
   * @param located where its beginning is
   */
  public record Assign(PlacementRequest request, Located located) implements Command {}

  /** The sequence has ended, or does not want to wait any more. Unknown ones are ignored. */
  public record Release(SequenceKey sequence) implements Command {}

  public record ReplicaReady(
      ReplicaId replica,
      ActorRef<Replica.Command> ref,
      EngineCapabilities capabilities,
      Pace pace,
      List<SequenceKey> running)
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
  private final SchedulerSettings settings;
  private final ActorRef<Placed> router;
  private final LoadLedger ledger = new LoadLedger();
  private final WaitingQueue queue;
  private final Map<ReplicaId, ActorRef<Replica.Command>> refs = new HashMap<>();

  /** Places given so far, by their reasons, of which there are a handful. */
  private final Map<String, Long> assigned = new TreeMap<>();

  private long refused;

  private Scheduler(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      SchedulerSettings settings,
      ActorRef<Placed> router) {
    super(context);
    this.timers = timers;
    this.settings = settings;
    this.router = router;
    this.queue = new WaitingQueue(settings.waitingBound(), settings.priorityStep());
  }

  public static Behavior<Command> create(SchedulerSettings settings, ActorRef<Placed> router) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(timers -> new Scheduler(context, timers, settings, router)));
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    switch (command) {
      case Assign assign -> onAssign(assign);
      case Release release -> onRelease(release.sequence());
      case ReplicaReady ready -> onReplicaReady(ready);
      case ReplicaLost lost -> onReplicaLost(lost.replica());
      case Describe describe -> describe.told().accept(stats());
      case Timer timer -> onExpire();
    }
    return this;
  }

  private void onAssign(Assign assign) {
    PlacementRequest request = assign.request();
    Optional<ReplicaId> already = ledger.bookedAt(request.sequence());
    long now = System.nanoTime();
    if (already.isPresent()) {
      answer(request, already.get(), assign.located(), "repeated");
    } else if (!queue.offer(new Waiting(request, assign.located(), now))) {
      refuse(request, ErrorCode.OVERLOADED, RETRY_AFTER_SECONDS);
    } else {
      dispatch(now);
      watchExpiry();
    }
  }

  private void watchExpiry() {
    if (!queue.isEmpty() && !timers.isTimerActive(Timer.EXPIRE)) {
      timers.startSingleTimer(Timer.EXPIRE, EXPIRY_INTERVAL);
    }
  }

  private void onRelease(SequenceKey sequence) {
    boolean waited = queue.remove(sequence);
    if (ledger.release(sequence) && !waited) {
      dispatch(System.nanoTime());
    }
  }

  private void onReplicaReady(ReplicaReady ready) {
    long now = System.nanoTime();
    refs.put(ready.replica(), ready.ref());
    EngineCapabilities can = ready.capabilities();
    ledger.replicaUp(ready.replica(), can.maxSequences(), can.preempts(), ready.running(), now);
    ledger.measured(ready.replica(), ready.pace());
    ledger.settle(ready.replica(), ready.running(), now, settings.bookingGrace().toNanos());
    dispatch(now);
  }

  private void onReplicaLost(ReplicaId replica) {
    refs.remove(replica);
    ledger.replicaDown(replica);
  }

  /** Gives places to those who wait, in order; where one fits nowhere, only to more urgent ones. */
  private void dispatch(long now) {
    int barred = Integer.MAX_VALUE;
    for (Waiting next : queue.inOrder()) {
      if (next.expired(now)) {
        queue.remove(next.request().sequence());
      } else if (next.request().priority() < barred && !place(next, now)) {
        barred = next.request().priority();
      }
    }
  }

  private boolean place(Waiting next, long now) {
    PlacementRequest request = next.request();
    Located located = next.located();
    Optional<ReplicaId> replica =
        ledger.book(
            request.sequence(), request.priority(), request.neededTokens() - 1, located, now);
    replica.ifPresent(
        chosen -> {
          queue.remove(request.sequence());
          answer(request, chosen, located, located.reason(chosen));
        });
    return replica.isPresent();
  }

  private void answer(PlacementRequest request, ReplicaId replica, Located located, String route) {
    ActorRef<Replica.Command> ref = refs.get(replica);
    if (ref == null) {
      throw new IllegalStateException("booked a replica without an address: " + replica);
    }
    assigned.merge(route, 1L, Long::sum);
    router.tell(new Placed(request, replica));
    request
        .replyTo()
        .tell(new Assigned(request.sequence(), replica, ref, located.hint(replica), route));
  }

  private void refuse(PlacementRequest request, ErrorCode code, int retryAfterSeconds) {
    refused++;
    request
        .replyTo()
        .tell(new Refused(request.sequence(), Failure.unavailable(code, retryAfterSeconds)));
  }

  private SchedulerStats stats() {
    return new SchedulerStats(
        queue.size(),
        settings.waitingBound(),
        queue.oldestNanos(System.nanoTime()) / 1_000_000,
        refused,
        assigned.entrySet().stream()
            .map(entry -> new SchedulerStats.Decisions(entry.getKey(), entry.getValue()))
            .toList());
  }

  private void onExpire() {
    long now = System.nanoTime();
    boolean served = ledger.hasReplicas();
    Duration limit = served ? settings.maxWait() : settings.noReplicaPatience();
    for (Waiting waiting : queue.removeOlderThan(limit.toNanos(), now)) {
      if (served) {
        refuse(waiting.request(), ErrorCode.OVERLOADED, RETRY_AFTER_SECONDS);
      } else {
        refuse(waiting.request(), ErrorCode.NO_CAPACITY, NO_REPLICA_RETRY_AFTER_SECONDS);
      }
    }
    watchExpiry();
  }
}
