package io.sampo.actors.simulation;

import io.sampo.actors.policy.RoutingPolicies;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.scheduler.PlacementRequest;
import io.sampo.actors.scheduler.PureScheduler;
import io.sampo.actors.scheduler.ReadyReplica;
import io.sampo.actors.scheduler.Scheduler;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * The decisions of router, scheduler, index and generation together, without actors: replicas that
 * die, freeze and slow down, routers that die, a network that loses and delays, all from one seed.
 * Twenty seconds of trouble, then calm until everything must have ended.
 *
 * <p>As a command it plays many seeds: {@code ops/bench/simulate.sh 10000}.
 */
final class ClusterSimulation implements AutoCloseable {

  /** What a test plants to see it caught. */
  enum Bug {
    NONE,
    /** Tokens are taken whatever their index and epoch. */
    TRUSTED_TOKENS,
    /** Releases are not heard, and reports settle nothing. */
    FORGOTTEN_RELEASES,
    /** Who waits for a place neither asks again nor has a deadline. */
    DEAF_REQUESTS
  }

  private static final ModelId MODEL = new ModelId("sim");
  private static final long TROUBLE_NANOS = 20 * Clockwork.SECOND;
  private static final long CALM_NANOS = 80 * Clockwork.SECOND;

  /** Until reports have settled what no message did. */
  private static final long SETTLING_NANOS = 15 * Clockwork.SECOND;

  private static final int BLOCK_TOKENS = 32;
  private static final int GROUPS = 4;
  private static final int CHECKED_EVERY = 20;

  private final Clockwork clock;
  private final Bug bug;
  private final Checkers checkers = new Checkers();
  private final SimRouter router;
  private final List<SimReplica> replicas = new ArrayList<>();
  private final Map<String, SimRequest> requests = new HashMap<>();
  private int asked;
  private int delivered;

  ClusterSimulation(long seed, Bug bug) {
    this.bug = bug;
    clock = new Clockwork(seed);
    List<String> policies = RoutingPolicies.NAMES;
    String policy =
        clock.random().nextBoolean()
            ? RoutingPolicies.AFFINITY
            : policies.get(clock.random().nextInt(policies.size()));
    router = new SimRouter(clock, policy, this::tell);
    if (bug == Bug.FORGOTTEN_RELEASES) {
      router.forgetReleases();
    }
    int count = 2 + clock.random().nextInt(3);
    for (int i = 0; i < count; i++) {
      double millisPerToken = i == 0 ? 0.2 : 0.2 * (1 + clock.random().nextInt(8));
      replicas.add(
          new SimReplica(new ReplicaId(MODEL, i), millisPerToken, clock, new FromReplica()));
    }
  }

  /** Runs it; what did not hold, in the order it was seen. */
  List<String> run() {
    clock.lose(0.02);
    long end = clock.now() + TROUBLE_NANOS;
    clock.after(Clockwork.SECOND, () -> ask(end));
    clock.after(3 * Clockwork.SECOND, () -> trouble(end));
    clock.run(end, this::deliver);
    clock.lose(0);
    while (checkers.open() && clock.now() < end + CALM_NANOS) {
      clock.run(clock.now() + Clockwork.SECOND, this::deliver);
    }
    clock.run(clock.now() + SETTLING_NANOS, this::deliver);
    checkers.atEnd(router, clock.now());
    return checkers.broken();
  }

  private void ask(long end) {
    if (clock.now() >= end) {
      return;
    }
    Random random = clock.random();
    int group = random.nextInt(GROUPS);
    int blocks = 1 + random.nextInt(12);
    int[] prompt = new int[blocks * BLOCK_TOKENS + random.nextInt(BLOCK_TOKENS)];
    Arrays.fill(prompt, 1 + random.nextInt(100));
    long[] hashes = new long[2 * blocks];
    for (int i = 0; i < hashes.length; i++) {
      hashes[i] = i < 8 ? 1000L * group + i + 1 : random.nextLong();
    }
    SimRequest[] made = new SimRequest[1];
    SimRequest request =
        new SimRequest(
            "r" + asked++,
            "s" + random.nextInt(10),
            prompt,
            hashes,
            1 + random.nextInt(40),
            clock,
            this::toRouter,
            how -> checkers.ended(made[0], how));
    made[0] = request;
    if (bug == Bug.DEAF_REQUESTS) {
      request.deaf();
    }
    requests.put(request.name, request);
    checkers.asked(request);
    clock.after(random.nextInt(500) * Clockwork.MILLI, () -> ask(end));
  }

  private void trouble(long end) {
    if (clock.now() >= end) {
      return;
    }
    Random random = clock.random();
    SimReplica replica = replicas.get(random.nextInt(replicas.size()));
    long span = (1 + random.nextInt(6000)) * Clockwork.MILLI;
    switch (random.nextInt(5)) {
      case 0 -> replica.crash(span);
      case 1 -> replica.freeze(span);
      case 2 -> replica.slow(8, span);
      case 3 -> router.crash(span / 3);
      default -> clock.lose(random.nextInt(4) == 0 ? 0.3 : 0.02);
    }
    clock.after(random.nextInt(6000) * Clockwork.MILLI, () -> trouble(end));
  }

  private void toRouter(Router.Command command) {
    clock.send("gateway", "router", () -> router.hear(command));
  }

  private void tell(PureScheduler.Told told) {
    PlacementRequest request = told.request();
    ReplicaId chosen = told.replica();
    SimRequest waiting = find(request.sequence().generation());
    clock.send(
        "router",
        "gateway",
        () -> {
          if (waiting != null && chosen != null) {
            waiting.assigned(
                new Scheduler.Assigned(
                    request.sequence(),
                    chosen,
                    replicas.get(chosen.ordinal()).inbox.getRef(),
                    null,
                    ""));
          } else if (waiting != null) {
            waiting.refused(request);
          }
        });
  }

  private @Nullable SimRequest find(String name) {
    return requests.get(name);
  }

  private final class FromReplica implements SimReplica.Told {

    @Override
    public void event(Replica.Event event) {
      SimRequest request = find(event.sequence().generation());
      if (request != null) {
        clock.send("replica", "gateway", () -> request.hear(event, bug == Bug.TRUSTED_TOKENS));
      }
    }

    @Override
    public void report(SimReplica replica, ReadyReplica ready) {
      clock.send(replica.id.entityId(), "router", () -> router.hear(ready));
    }
  }

  /** What generations told replicas travels there. */
  private void deliver() {
    for (SimReplica replica : replicas) {
      if (replica.inbox.hasMessages()) {
        replica
            .inbox
            .getAllReceived()
            .forEach(
                command ->
                    clock.send("gateway", replica.id.entityId(), () -> replica.hear(command)));
      }
    }
    if (++delivered % CHECKED_EVERY == 0) {
      checkers.always(router, replicas, clock.now());
    }
  }

  @Override
  public void close() {
    router.close();
  }
}
