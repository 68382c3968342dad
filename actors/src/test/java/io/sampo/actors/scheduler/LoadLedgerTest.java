package io.sampo.actors.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.policy.RoutingPolicies;
import io.sampo.actors.policy.Targets;
import io.sampo.actors.scheduler.LoadLedger.Booked;
import io.sampo.actors.scheduler.LoadLedger.Outcome;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LoadLedgerTest {

  private static final ReplicaId SMALL = new ReplicaId(new ModelId("m"), 0);
  private static final ReplicaId LARGE = new ReplicaId(new ModelId("m"), 1);
  private static final long GRACE = 10;

  private final LoadLedger ledger = new LoadLedger(RoutingPolicies.create("least-loaded", false));

  @Test
  void booksTheReplicaWithTheSmallestShareOfItsSequences() {
    ledger.replicaUp(SMALL, 1, true, List.of(), 0);
    ledger.replicaUp(LARGE, 4, true, List.of(), 0);

    assertThat(book(1)).contains(SMALL);
    assertThat(List.of(book(2), book(3), book(4), book(5))).containsOnly(Optional.of(LARGE));
    assertThat(book(6)).isEmpty();
  }

  @Test
  void takesOverWhatANewReplicaAlreadyRuns() {
    ledger.replicaUp(SMALL, 2, true, List.of(key(1), key(2)), 0);

    assertThat(book(3)).isEmpty();
    assertThat(ledger.release(key(1), 0)).isTrue();
    assertThat(book(3)).contains(SMALL);
  }

  @Test
  void voidsABookingThatTheReplicaDoesNotRunOnceItIsOld() {
    ledger.replicaUp(SMALL, 1, true, List.of(), 0);
    book(1);

    ledger.settle(SMALL, List.of(), GRACE, GRACE);
    assertThat(ledger.booked(SMALL)).isEqualTo(1);
    ledger.settle(SMALL, List.of(key(1)), GRACE + 1, GRACE);
    assertThat(ledger.booked(SMALL)).isEqualTo(1);
    ledger.settle(SMALL, List.of(), GRACE + 1, GRACE);
    assertThat(ledger.booked(SMALL)).isZero();
  }

  @Test
  void forgetsTheBookingsOfALostReplica() {
    ledger.replicaUp(SMALL, 1, true, List.of(), 0);
    book(1);
    ledger.replicaDown(SMALL);

    assertThat(ledger.bookedAt(key(1))).isEmpty();
    assertThat(ledger.hasReplicas()).isFalse();
  }

  /**
   * Random bookings, releases and deaths: no replica ever holds more than its sequences, and all
   * ends at zero.
   */
  @Test
  void neverBooksBeyondAReplicasSequences() {
    Random random = new Random(42);
    List<SequenceKey> booked = new ArrayList<>();
    for (int step = 0; step < 100_000; step++) {
      switch (random.nextInt(8)) {
        case 0, 1, 2, 3 -> {
          if (book(step).isPresent()) {
            booked.add(key(step));
          }
        }
        case 4, 5, 6 -> {
          if (!booked.isEmpty()) {
            ledger.release(booked.remove(random.nextInt(booked.size())), step);
          }
        }
        default -> {
          ledger.replicaUp(SMALL, 2, true, List.of(), step);
          ledger.replicaUp(LARGE, 5, true, List.of(), step);
          if (random.nextInt(100) == 0) {
            ledger.replicaDown(LARGE);
          }
        }
      }
      assertThat(ledger.booked(SMALL)).isBetween(0, 2);
      assertThat(ledger.booked(LARGE)).isBetween(0, 5);
    }
    booked.forEach(sequence -> ledger.release(sequence, 0));
    assertThat(ledger.booked(SMALL) + ledger.booked(LARGE)).isZero();
  }

  private Optional<ReplicaId> book(int sequence) {
    Outcome outcome =
        ledger.book(
            Requests.of(key(sequence), 1),
            Located.NOWHERE,
            new Wish(new Targets(2000, 200), true),
            0);
    return outcome instanceof Booked booked
        ? Optional.of(booked.choice().replica())
        : Optional.empty();
  }

  private static SequenceKey key(int sequence) {
    return new SequenceKey("g" + sequence, 0, 0);
  }
}
