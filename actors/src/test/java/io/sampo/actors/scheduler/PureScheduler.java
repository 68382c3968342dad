package io.sampo.actors.scheduler;

import io.sampo.actors.policy.RoutingPolicies;
import io.sampo.actors.policy.Targets;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A scheduler's decisions for simulations outside of its room. */
public final class PureScheduler {

  /** What it decides of a request; without a replica it is refused. */
  public record Told(PlacementRequest request, @Nullable ReplicaId replica) {}

  private final Dispatcher dispatcher;

  public PureScheduler(String policy, int waitingBound, Consumer<Told> told) {
    SchedulerSettings settings =
        new SchedulerSettings(
            waitingBound,
            Duration.ofSeconds(60),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            new Targets(2000, 200),
            new Targets(60_000, 5000),
            false);
    dispatcher =
        new Dispatcher(
            settings,
            RoutingPolicies.create(policy, false),
            decision ->
                told.accept(
                    new Told(
                        decision.request(),
                        decision instanceof Dispatcher.Placed placed ? placed.replica() : null)));
  }

  public void assign(PlacementRequest request, Located located, long now) {
    dispatcher.assign(request, located, now);
  }

  public void release(SequenceKey sequence, long now) {
    dispatcher.release(sequence, now);
  }

  public void ready(ReadyReplica replica, long now) {
    dispatcher.replicaReady(replica, now);
  }

  public void lost(ReplicaId replica) {
    dispatcher.replicaLost(replica);
  }

  public void expire(long now) {
    dispatcher.expire(now);
  }

  public int waiting(long now) {
    return dispatcher.stats(now).waiting();
  }

  /** Sequences that are booked on all replicas together. */
  public int booked(long now) {
    return dispatcher.stats(now).replicas().stream().mapToInt(ReplicaRates::running).sum();
  }

  /** Whether a replica is booked beyond its places. */
  public boolean overbooked(long now) {
    return dispatcher.stats(now).replicas().stream()
        .anyMatch(rates -> rates.running() > rates.places());
  }
}
