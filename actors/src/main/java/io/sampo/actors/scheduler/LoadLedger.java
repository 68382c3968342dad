package io.sampo.actors.scheduler;

import static io.sampo.engines.spi.Priority.NORMAL;

import io.sampo.actors.policy.Candidate;
import io.sampo.actors.policy.Choice;
import io.sampo.actors.policy.Question;
import io.sampo.actors.policy.RoutingPolicy;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.Places;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who is booked where, and what one more would cost there. Invariant: each sequence holds at most
 * one booking, and no replica more than its {@link Places} take. A sequence gets a free place where
 * there is one, by the policy; only when all are taken it may be booked where a less urgent one
 * will give way.
 *
 * <p>A booking is given back by its generation. Should that message be lost, the replica's own list
 * of running sequences settles it: a booking that is older than the grace and not on the list is
 * void.
 */
final class LoadLedger {

  /** What came of asking for a place. */
  sealed interface Outcome {}

  /** It was given. */
  record Booked(Choice choice) implements Outcome {}

  /** It waits for a replica without a free place, although another has one. */
  record Held() implements Outcome {}

  /** There is none. */
  record Full() implements Outcome {}

  private static final Held HELD = new Held();
  private static final Full FULL = new Full();

  private record Booking(ReplicaId replica, int priority, long sinceNanos) {}

  private final RoutingPolicy policy;
  private final Map<ReplicaId, ReplicaLoad> replicas = new LinkedHashMap<>();
  private final Map<SequenceKey, Booking> bookings = new HashMap<>();
  private final AnswerLength answers = new AnswerLength();

  LoadLedger(RoutingPolicy policy) {
    this.policy = policy;
  }

  /**
   * A replica that can take work, as it reports itself.
   *
   * @param running sequences it runs already; they are taken over as bookings when the replica is
   *     new here, as of normal priority, which the replica alone knows better
   */
  void replicaUp(
      ReplicaId replica,
      int maxSequences,
      boolean preempts,
      Collection<SequenceKey> running,
      long nowNanos) {
    ReplicaLoad known = replicas.get(replica);
    if (known == null || !known.madeFor(maxSequences, preempts)) {
      replicaDown(replica);
      ReplicaLoad load = new ReplicaLoad(maxSequences, preempts, usualPrefillMillis());
      replicas.put(replica, load);
      running.stream()
          .filter(sequence -> !bookings.containsKey(sequence))
          .limit(maxSequences)
          .forEach(sequence -> book(load, sequence, new Booking(replica, NORMAL, nowNanos)));
    }
  }

  /** Of the replicas that were measured. */
  private double usualPrefillMillis() {
    return replicas.values().stream()
        .filter(load -> load.rates().knowsPrefill())
        .mapToDouble(load -> load.rates().pace().prefill())
        .average()
        .orElse(Pace.UNKNOWN.prefill());
  }

  private void book(ReplicaLoad load, SequenceKey sequence, Booking booking) {
    load.take(sequence, booking.priority);
    bookings.put(sequence, booking);
  }

  /**
   * A replica was measured anew.
   *
   * @param stats what its engine has done, or null
   * @param costPerHour of its machine, or 0
   */
  void measured(ReplicaId replica, Pace pace, @Nullable EngineStats stats, double costPerHour) {
    ReplicaLoad load = replicas.get(replica);
    if (load != null) {
      answers.generated(load.rates().heard(pace, stats));
      load.costs(costPerHour);
    }
  }

  /**
   * Voids the bookings of a replica that it does not run although they are older than the grace.
   */
  void settle(ReplicaId replica, Collection<SequenceKey> running, long nowNanos, long graceNanos) {
    ReplicaLoad load = replicas.get(replica);
    if (load != null) {
      Set<SequenceKey> alive = Set.copyOf(running);
      for (SequenceKey sequence : load.booked()) {
        Booking booking = bookings.get(sequence);
        if (booking != null
            && !alive.contains(sequence)
            && nowNanos - booking.sinceNanos > graceNanos) {
          release(sequence, nowNanos);
        }
      }
    }
  }

  void replicaDown(ReplicaId replica) {
    ReplicaLoad gone = replicas.remove(replica);
    if (gone != null) {
      gone.booked().forEach(bookings::remove);
    }
  }

  boolean hasReplicas() {
    return !replicas.isEmpty();
  }

  /** Places of all replicas. */
  int places() {
    return replicas.values().stream().mapToInt(ReplicaLoad::places).sum();
  }

  Optional<ReplicaId> bookedAt(SequenceKey sequence) {
    return Optional.ofNullable(bookings.get(sequence)).map(Booking::replica);
  }

  /** Before those who wait are looked at anew: nobody has said which place it waits for. */
  void beginRound() {
    replicas.values().forEach(ReplicaLoad::forgetReservations);
  }

  /**
   * Books a sequence where the policy says; where no place is free, on the replica with the
   * smallest share of its places taken that takes this priority.
   *
   * @param located where its prompt's beginning is
   */
  Outcome book(PlacementRequest request, Located located, Wish wish, long nowNanos) {
    int tokens = request.neededTokens() - 1;
    Question question = wish.question(request, located, answers.expected(request.answerTokens()));
    List<Candidate> candidates = new ArrayList<>(replicas.size());
    boolean free = false;
    for (Map.Entry<ReplicaId, ReplicaLoad> entry : replicas.entrySet()) {
      Candidate candidate =
          entry
              .getValue()
              .candidate(entry.getKey(), tokens, located, question.answerTokens(), nowNanos);
      candidates.add(candidate);
      free |= candidate.free();
    }
    Choice choice = free ? policy.choose(question, candidates) : urgent(request.priority());
    ReplicaLoad load = choice == null ? null : replicas.get(choice.replica());
    if (choice == null || load == null) {
      return FULL;
    }
    if (free && !load.hasFree()) {
      load.reserve();
      return HELD;
    }
    if (free) {
      policy.booked(question, choice);
    }
    load.busy(Work.of(tokens, located, choice.replica(), load.rates().pace()), nowNanos);
    book(load, request.sequence(), new Booking(choice.replica(), request.priority(), nowNanos));
    return new Booked(choice);
  }

  private @Nullable Choice urgent(int priority) {
    ReplicaId best = null;
    double bestShare = Double.POSITIVE_INFINITY;
    for (Map.Entry<ReplicaId, ReplicaLoad> entry : replicas.entrySet()) {
      ReplicaLoad load = entry.getValue();
      if (load.fits(priority) && load.share() < bestShare) {
        best = entry.getKey();
        bestShare = load.share();
      }
    }
    return best == null ? null : new Choice(best, "urgent");
  }

  boolean release(SequenceKey sequence, long nowNanos) {
    Booking booking = bookings.remove(sequence);
    ReplicaLoad load = booking == null ? null : replicas.get(booking.replica);
    if (booking == null || load == null) {
      return false;
    }
    load.free(sequence, booking.priority, nowNanos - booking.sinceNanos);
    answers.ended();
    return true;
  }

  int booked(ReplicaId replica) {
    ReplicaLoad load = replicas.get(replica);
    return load == null ? 0 : load.booked().size();
  }

  /**
   * What was learned of each replica.
   *
   * @param nextTokenMillis the target from one token to the next
   */
  List<ReplicaRates> rates(double nextTokenMillis) {
    List<ReplicaRates> all = new ArrayList<>();
    replicas.forEach((replica, load) -> all.add(load.describe(replica, nextTokenMillis)));
    return all;
  }
}
