package io.sampo.actors.simulation;

import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.PureRouter;
import io.sampo.actors.router.Router;
import io.sampo.actors.scheduler.PureScheduler;
import io.sampo.actors.scheduler.ReadyReplica;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.apache.pekko.actor.typed.ActorRef;

/** A model's router and its scheduler, which now and then die and begin anew, knowing nothing. */
final class SimRouter implements AutoCloseable {

  static final int WAITING_BOUND = 12;

  private static final long SILENCE_NANOS = 5 * Clockwork.SECOND;
  private static final long DOUBT_NANOS = Clockwork.SECOND;
  private static final ActorRef<Replica.Command> NOBODY =
      TestInbox.<Replica.Command>create().getRef();

  private final Clockwork clock;
  private final String policy;
  private final Consumer<PureScheduler.Told> decided;
  private final Map<ReplicaId, Long> heard = new HashMap<>();
  private PureRouter router = new PureRouter();
  private PureScheduler scheduler;
  private boolean alive = true;
  private boolean forgetful;
  private final Set<SequenceKey> everBooked = new HashSet<>();

  SimRouter(Clockwork clock, String policy, Consumer<PureScheduler.Told> decided) {
    this.clock = clock;
    this.policy = policy;
    this.decided = decided;
    this.scheduler = scheduler();
    watch();
  }

  private PureScheduler scheduler() {
    return new PureScheduler(
        policy,
        WAITING_BOUND,
        told -> {
          if (told.replica() != null) {
            router.placed(told.request(), told.replica());
            everBooked.add(told.request().sequence());
          }
          decided.accept(told);
        });
  }

  /** Plants a bug: releases are not heard, and reports settle nothing. */
  void forgetReleases() {
    forgetful = true;
  }

  void crash(long forNanos) {
    if (alive) {
      alive = false;
      router.close();
      heard.clear();
      clock.after(
          forNanos,
          () -> {
            router = new PureRouter();
            scheduler = scheduler();
            alive = true;
          });
    }
  }

  PureScheduler decisions() {
    return scheduler;
  }

  void hear(Router.Command command) {
    if (!alive) {
      return;
    }
    switch (command) {
      case Router.Place place ->
          scheduler.assign(place.request(), router.locate(place.request()), clock.now());
      case Router.Release release -> {
        if (!forgetful) {
          scheduler.release(release.sequence(), clock.now());
        }
      }
      case Router.ReplicaDoubted doubted -> {
        Long last = heard.get(doubted.replica());
        if (last != null && clock.now() - last >= DOUBT_NANOS) {
          lose(doubted.replica());
        }
      }
      default -> throw new IllegalStateException("not simulated: " + command);
    }
  }

  void hear(ReadyReplica ready) {
    if (alive) {
      heard.put(ready.replica(), clock.now());
      router.heard(
          new Replica.Report(
              ready.replica(),
              NOBODY,
              Replica.State.READY,
              null,
              ready.stats(),
              List.of(),
              null,
              0,
              null),
          clock.now());
      scheduler.ready(
          forgetful
              ? new ReadyReplica(
                  ready.replica(),
                  ready.maxSequences(),
                  ready.preempts(),
                  ready.pace(),
                  ready.stats(),
                  List.copyOf(everBooked),
                  0)
              : ready,
          clock.now());
    }
  }

  private void lose(ReplicaId replica) {
    heard.remove(replica);
    router.lost(replica);
    scheduler.lost(replica);
  }

  private void watch() {
    if (alive) {
      scheduler.expire(clock.now());
      heard.entrySet().stream()
          .filter(entry -> clock.now() - entry.getValue() > SILENCE_NANOS)
          .map(Map.Entry::getKey)
          .toList()
          .forEach(this::lose);
    }
    clock.after(500 * Clockwork.MILLI, this::watch);
  }

  @Override
  public void close() {
    if (alive) {
      router.close();
    }
  }
}
