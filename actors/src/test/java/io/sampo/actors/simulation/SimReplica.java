package io.sampo.actors.simulation;

import io.sampo.actors.replica.Replica;
import io.sampo.actors.scheduler.Pace;
import io.sampo.actors.scheduler.ReadyReplica;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.FinishReason;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;

/** A replica that computes, reports, and now and then dies, freezes or slows down. */
final class SimReplica {

  /** What it says, and to whom. */
  interface Told {
    void event(Replica.Event event);

    void report(SimReplica replica, ReadyReplica ready);
  }

  static final int PLACES = 3;

  private static final int CHUNK = 128;
  private static final long IDLE_NANOS = 25 * Clockwork.MILLI;
  private static final long ORPHAN_NANOS = 10 * Clockwork.SECOND;

  private static final class Sequence {
    final SequenceKey key;
    final int[] prompt;
    final int maxTokens;
    int prefillLeft;
    int index;
    long heard;

    Sequence(Replica.Start start, long now) {
      key = start.sequence();
      prompt = start.promptIds();
      maxTokens = start.maxTokens();
      prefillLeft = prompt.length;
      index = start.firstIndex();
      heard = now;
    }
  }

  final ReplicaId id;
  final TestInbox<Replica.Command> inbox = TestInbox.create();
  private final Clockwork clock;
  private final Told told;
  private final double millisPerToken;
  private final Map<SequenceKey, Sequence> running = new LinkedHashMap<>();
  private boolean alive = true;
  private long frozenUntil;
  private double slowness = 1;
  private long steps;
  private long prefilled;
  private long decoded;
  private long stepNanos;

  SimReplica(ReplicaId id, double millisPerToken, Clockwork clock, Told told) {
    this.id = id;
    this.millisPerToken = millisPerToken;
    this.clock = clock;
    this.told = told;
    step();
    beat();
    report();
  }

  int running() {
    return running.size();
  }

  void crash(long forNanos) {
    alive = false;
    running.clear();
    clock.after(forNanos, () -> alive = true);
  }

  void freeze(long forNanos) {
    frozenUntil = clock.now() + forNanos;
  }

  void slow(double factor, long forNanos) {
    slowness = factor;
    clock.after(forNanos, () -> slowness = 1);
  }

  private boolean works() {
    return alive && clock.now() >= frozenUntil;
  }

  /** A message has come; one that is frozen reads it when it wakes, a dead one never. */
  void hear(Replica.Command command) {
    if (clock.now() < frozenUntil) {
      clock.after(frozenUntil - clock.now(), () -> hear(command));
      return;
    }
    if (!alive) {
      return;
    }
    switch (command) {
      case Replica.Start start -> start(start);
      case Replica.Cancel cancel -> running.remove(cancel.sequence());
      case Replica.GenerationAlive beat -> {
        Sequence sequence = running.get(beat.sequence());
        if (sequence != null) {
          sequence.heard = clock.now();
        }
      }
      default -> throw new IllegalStateException("not simulated: " + command);
    }
  }

  private void start(Replica.Start start) {
    if (running.containsKey(start.sequence()) || running.size() >= PLACES) {
      told.event(new Replica.Declined(start.sequence()));
    } else {
      running.put(start.sequence(), new Sequence(start, clock.now()));
      told.event(new Replica.Begun(start.sequence(), 0));
    }
  }

  private void step() {
    long nanos = IDLE_NANOS;
    if (works() && !running.isEmpty()) {
      int room = CHUNK;
      int answers = 0;
      for (Sequence sequence : new ArrayList<>(running.values())) {
        int chunk = Math.min(room, sequence.prefillLeft);
        sequence.prefillLeft -= chunk;
        room -= chunk;
        if (sequence.prefillLeft == 0) {
          answers++;
          answer(sequence);
        }
      }
      int computed = CHUNK - room;
      nanos = (long) ((10 + computed * millisPerToken + 2 * answers) * slowness * 1e6);
      steps++;
      prefilled += computed;
      decoded += answers;
      stepNanos += nanos;
    }
    clock.after(nanos, this::step);
  }

  private void answer(Sequence sequence) {
    int token = SimRequest.token(sequence.prompt[0], sequence.index);
    told.event(new Replica.Tokens(sequence.key, sequence.index, new int[] {token}, null));
    if (++sequence.index >= sequence.maxTokens) {
      running.remove(sequence.key);
      told.event(new Replica.Finished(sequence.key, FinishReason.LENGTH, sequence.index));
    }
  }

  private void beat() {
    if (works()) {
      running.values().removeIf(one -> clock.now() - one.heard > ORPHAN_NANOS);
      running.keySet().forEach(key -> told.event(new Replica.Alive(key)));
    }
    clock.after(500 * Clockwork.MILLI, this::beat);
  }

  private void report() {
    if (works()) {
      EngineStats stats =
          new EngineStats(
              running.size(),
              0,
              0,
              0,
              4000,
              0,
              0,
              0,
              0,
              decoded,
              0,
              0,
              steps,
              0,
              prefilled,
              decoded,
              stepNanos);
      told.report(
          this,
          new ReadyReplica(
              id,
              PLACES,
              false,
              Pace.measured(0, 0, 0, 0, 0),
              stats,
              List.copyOf(running.keySet()),
              0));
    }
    clock.after(Clockwork.SECOND, this::report);
  }
}
