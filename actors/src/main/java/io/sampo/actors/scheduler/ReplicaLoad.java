package io.sampo.actors.scheduler;

import io.sampo.actors.policy.Candidate;
import io.sampo.actors.scheduler.Located.Held;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.engines.spi.Places;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What is booked on one replica, and what one more would cost there. */
final class ReplicaLoad {

  /** How long a sequence holds its place, until that was seen. */
  private static final double UNKNOWN_STAY_MILLIS = 2000;

  private static final double STAY_FADING = 0.9;

  private final Places places;
  private final Set<SequenceKey> booked = new HashSet<>();
  private final Rates rates;
  private double costPerHour;
  private double stayMillis = UNKNOWN_STAY_MILLIS;
  private long busyUntilNanos;
  private int reserved;

  ReplicaLoad(int maxSequences, boolean preempts, double usualPrefillMillis) {
    places = new Places(maxSequences, preempts);
    rates = new Rates(usualPrefillMillis);
  }

  boolean madeFor(int maxSequences, boolean preempts) {
    return places.sequences() == maxSequences && places.preempts() == preempts;
  }

  Rates rates() {
    return rates;
  }

  void costs(double perHour) {
    costPerHour = perHour;
  }

  int places() {
    return places.sequences();
  }

  boolean hasFree() {
    return places.hasFree();
  }

  boolean fits(int priority) {
    return places.fits(priority);
  }

  double share() {
    return (double) places.count() / places.sequences();
  }

  /** The sequences that hold a place; a copy. */
  List<SequenceKey> booked() {
    return List.copyOf(booked);
  }

  void take(SequenceKey sequence, int priority) {
    booked.add(sequence);
    places.take(priority);
  }

  void free(SequenceKey sequence, int priority, long stayedNanos) {
    if (booked.remove(sequence)) {
      places.free(priority);
      stayMillis = STAY_FADING * stayMillis + (1 - STAY_FADING) * stayedNanos / 1e6;
    }
  }

  /** One more prompt is to be computed. */
  void busy(Work more, long nowNanos) {
    busyUntilNanos = nowNanos + (long) ((queueMillis(nowNanos) + more.millis()) * 1e6);
  }

  /** The prompts before the next one; work that ended early is forgotten with the last sequence. */
  private double queueMillis(long nowNanos) {
    return booked.isEmpty() ? 0 : Math.max(0, busyUntilNanos - nowNanos) / 1e6;
  }

  /** One who waits has chosen this replica. */
  void reserve() {
    reserved++;
  }

  void forgetReservations() {
    reserved = 0;
  }

  /**
   * Until one of its sequences ends, and those who wait for that before have got theirs; each may
   * end at any moment.
   */
  private double placeMillis() {
    return places.hasFree() ? 0 : (1 + reserved) * stayMillis / places.count();
  }

  Candidate candidate(
      ReplicaId replica, int tokens, Located located, double answerTokens, long nowNanos) {
    Pace pace = rates.pace();
    StepCost steps = rates.steps();
    Held held = located.at(replica);
    Work work = Work.of(tokens, located, replica, pace);
    double queue = queueMillis(nowNanos);
    int running = places.count();
    double eachLater = work.millis() + answerTokens * steps.decodeMillis();
    return new Candidate(
        replica,
        places.hasFree(),
        running,
        places.sequences(),
        (long) (queue / pace.prefill()),
        work.computedTokens(),
        held.disk() > 0,
        located.hint(replica) != null,
        replica.equals(located.session()),
        placeMillis(),
        queue,
        work.millis(),
        steps.stepMillis(running + 1),
        running * eachLater,
        costPerHour);
  }

  ReplicaRates describe(ReplicaId replica, double nextTokenMillis) {
    StepCost steps = rates.steps();
    return new ReplicaRates(
        replica,
        places.count(),
        places.sequences(),
        steps.observations(),
        steps.fixedMillis(),
        rates.pace().prefill(),
        steps.decodeMillis(),
        concurrency(steps, nextTokenMillis),
        stayMillis / 1000,
        costPerHour);
  }

  /** As many answers as keep the target; all places where it is kept, or missed, by any number. */
  private int concurrency(StepCost steps, double nextTokenMillis) {
    double room = nextTokenMillis - steps.fixedMillis();
    double each = steps.decodeMillis();
    return each <= 0 || room < each
        ? places.sequences()
        : Math.clamp((long) (room / each), 1, places.sequences());
  }
}
