package io.sampo.actors.scheduler;

import io.sampo.actors.policy.RoutingPolicy;
import io.sampo.actors.policy.Targets;
import io.sampo.actors.scheduler.LoadLedger.Booked;
import io.sampo.actors.scheduler.LoadLedger.Full;
import io.sampo.actors.scheduler.LoadLedger.Held;
import io.sampo.actors.scheduler.WaitingQueue.Waiting;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.actors.wire.ServiceClass;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * What a scheduler decides, without its messages and its clock: who gets which place, who waits,
 * who is refused.
 *
 * <p>Invariant: each request that is assigned hears of one decision, unless it is released or its
 * deadline passes before.
 */
final class Dispatcher {

  /** What is to be told to who asked. */
  sealed interface Decision {
    PlacementRequest request();
  }

  /**
   * A place is booked.
   *
   * @param route policy and reason
   */
  record Placed(PlacementRequest request, Located located, ReplicaId replica, String route)
      implements Decision {}

  record Refused(PlacementRequest request, ErrorCode code, int retryAfterSeconds)
      implements Decision {}

  private static final int NO_REPLICA_RETRY_AFTER_SECONDS = 5;

  /** Of those who wait for one replica while another has room no more are looked past. */
  private static final int MOST_HELD = 64;

  private final SchedulerSettings settings;
  private final RoutingPolicy policy;
  private final Consumer<Decision> performs;
  private final LoadLedger ledger;
  private final WaitingQueue queue;
  private final ServiceRate rate = new ServiceRate();
  private final Map<String, Long> assigned = new TreeMap<>();
  private long refused;

  /**
   * @param performs is told each decision, in order
   */
  Dispatcher(SchedulerSettings settings, RoutingPolicy policy, Consumer<Decision> performs) {
    this.settings = settings;
    this.policy = policy;
    this.performs = performs;
    this.ledger = new LoadLedger(policy);
    this.queue = new WaitingQueue(settings.waitingBound(), settings.priorityStep());
  }

  /** One wants a place; asked twice it is answered twice and booked once. */
  void assign(PlacementRequest request, Located located, long now) {
    Optional<ReplicaId> already = ledger.bookedAt(request.sequence());
    if (already.isPresent()) {
      performs.accept(new Placed(request, located, already.get(), policy.name() + " repeated"));
      return;
    }
    int bound = rate.bound(settings.maxWait(), ledger.places(), settings.waitingBound());
    if (!queue.offer(new Waiting(request, located, now, slackNanos(request)), bound)) {
      refuse(request, ErrorCode.OVERLOADED, rate.retryAfterSeconds(queue.size()));
      return;
    }
    dispatch(now);
  }

  /** How long after its arrival a request is due: its target, or its deadline if that is sooner. */
  private long slackNanos(PlacementRequest request) {
    double target = targets(request).firstTokenMillis();
    return (long) (Math.min(target, (double) request.remainingMillis()) * 1e6);
  }

  private Targets targets(PlacementRequest request) {
    return request.service() == ServiceClass.BATCH ? settings.batch() : settings.interactive();
  }

  /** One has ended, or does not want to wait any more. */
  void release(SequenceKey sequence, long now) {
    boolean waited = queue.remove(sequence);
    if (ledger.release(sequence, now) && !waited) {
      rate.released(now);
      dispatch(now);
    }
  }

  void replicaReady(ReadyReplica ready, long now) {
    ledger.replicaUp(ready.replica(), ready.maxSequences(), ready.preempts(), ready.running(), now);
    ledger.measured(ready.replica(), ready.pace(), ready.stats(), ready.costPerHour());
    ledger.settle(ready.replica(), ready.running(), now, settings.bookingGrace().toNanos());
    dispatch(now);
  }

  void replicaLost(ReplicaId replica) {
    ledger.replicaDown(replica);
  }

  /**
   * Gives places to those who wait, in order. Where there is none for one, only more urgent ones
   * are looked at; one that waits for a better place lets others have the free ones.
   */
  private void dispatch(long now) {
    int barred = Integer.MAX_VALUE;
    int held = 0;
    if (queue.isEmpty()) {
      rate.waiting(false, now);
      return;
    }
    ledger.beginRound();
    for (Waiting next : queue.inOrder()) {
      PlacementRequest request = next.request();
      if (next.expired(now)) {
        queue.remove(request.sequence());
      } else if (request.priority() < barred && held < MOST_HELD) {
        switch (ledger.book(request, next.located(), wish(next, now), now)) {
          case Booked booked -> place(next, booked);
          case Held _ -> held++;
          case Full _ -> barred = request.priority();
        }
      }
    }
    rate.waiting(!queue.isEmpty(), now);
  }

  private Wish wish(Waiting waiting, long now) {
    Targets targets = targets(waiting.request());
    double waited = (now - waiting.sinceNanos()) / 1e6;
    return new Wish(targets, waited < targets.firstTokenMillis());
  }

  private void place(Waiting next, Booked booked) {
    queue.remove(next.request().sequence());
    String route = policy.name() + " " + booked.choice().reason();
    assigned.merge(route, 1L, Long::sum);
    performs.accept(new Placed(next.request(), next.located(), booked.choice().replica(), route));
  }

  private void refuse(PlacementRequest request, ErrorCode code, int retryAfterSeconds) {
    refused++;
    performs.accept(new Refused(request, code, retryAfterSeconds));
  }

  boolean anyWaits() {
    return !queue.isEmpty();
  }

  /** Looks at those who wait: places for whom it is time now, refusals for whom it is too late. */
  void expire(long now) {
    boolean served = ledger.hasReplicas();
    Duration limit = served ? settings.maxWait() : settings.noReplicaPatience();
    for (Waiting waiting : queue.removeOlderThan(limit.toNanos(), !served, now)) {
      if (served) {
        refuse(waiting.request(), ErrorCode.OVERLOADED, rate.retryAfterSeconds(queue.size()));
      } else {
        refuse(waiting.request(), ErrorCode.NO_CAPACITY, NO_REPLICA_RETRY_AFTER_SECONDS);
      }
    }
    dispatch(now);
  }

  SchedulerStats stats(long now) {
    return new SchedulerStats(
        queue.size(),
        rate.bound(settings.maxWait(), ledger.places(), settings.waitingBound()),
        queue.oldestNanos(now) / 1_000_000,
        refused,
        rate.perSecond(),
        assigned.entrySet().stream()
            .map(entry -> new SchedulerStats.Decisions(entry.getKey(), entry.getValue()))
            .toList(),
        ledger.rates(settings.interactive().nextTokenMillis()));
  }
}
