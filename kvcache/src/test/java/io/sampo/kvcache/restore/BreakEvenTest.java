package io.sampo.kvcache.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sampo.kvcache.restore.Plan.Leg;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Blocks of 1000 bytes that take 10 ms to compute. */
class BreakEvenTest {

  private static final Source PEER =
      new Source.Peer(InetSocketAddress.createUnresolved("peer", 7000));

  private final BreakEven breakEven = new BreakEven(8, Duration.ofSeconds(10));

  private static Need need(int blocks) {
    return new Need(0, blocks, 1000, 10);
  }

  /** Has shown that it brings a block in so many milliseconds, after a fixed time. */
  private void shown(Source source, double fixedMillis, double blockMillis) {
    for (int blocks = 1; blocks <= 16; blocks *= 2) {
      breakEven.brought(source, blocks * 1000L, fixedMillis + blocks * blockMillis);
    }
  }

  /** How many of the next decisions about these blocks restore something. */
  private int chosen(int decisions, Offer offer) {
    int chosen = 0;
    for (int i = 0; i < decisions; i++) {
      chosen += breakEven.plan(need(offer.blocks()), List.of(offer)).isEmpty() ? 0 : 1;
    }
    return chosen;
  }

  @Test
  void takesEachPieceFromWhereItCostsLeast() {
    shown(Source.HOST, 1, 0.1);
    shown(Source.DISK, 2, 1);
    shown(PEER, 5, 2);

    Plan plan =
        breakEven.plan(
            need(100),
            List.of(new Offer(Source.HOST, 10), new Offer(Source.DISK, 40), new Offer(PEER, 60)));

    assertThat(plan.legs())
        .containsExactly(
            new Leg(Source.HOST, 0, 10), new Leg(Source.DISK, 10, 40), new Leg(PEER, 40, 60));
    assertThat(plan.limit()).isEqualTo(Duration.ofMillis(600));
  }

  @Test
  void beginsAfterWhatTheEngineHolds() {
    Plan plan =
        breakEven.plan(
            new Need(4, 100, 1000, 10),
            List.of(new Offer(Source.HOST, 3), new Offer(Source.DISK, 9)));

    assertThat(plan.legs()).containsExactly(new Leg(Source.DISK, 4, 9));
  }

  @Test
  void computesWhatIsQuickerComputed() {
    shown(PEER, 50, 0.1);

    assertThat(breakEven.plan(need(5), List.of(new Offer(PEER, 5))).legs()).isEmpty();
    assertThat(breakEven.plan(need(6), List.of(new Offer(PEER, 6))).legs()).hasSize(1);
    assertThat(breakEven.stats().declined()).isEqualTo(1);
  }

  @Test
  void leavesThePieceOutThatIsNotWorthItsTime() {
    shown(Source.HOST, 0, 0.1);
    shown(PEER, 0, 11);

    Plan plan = breakEven.plan(need(9), List.of(new Offer(Source.HOST, 5), new Offer(PEER, 9)));

    assertThat(plan.legs()).containsExactly(new Leg(Source.HOST, 0, 5));
  }

  @Test
  void fewBlocksOfAFarSourceArePaidForByManyBehindThem() {
    shown(Source.HOST, 0, 0.1);
    shown(PEER, 30, 1);

    assertThat(
            breakEven
                .plan(need(50), List.of(new Offer(Source.HOST, 2), new Offer(PEER, 50)))
                .legs())
        .containsExactly(new Leg(Source.HOST, 0, 2), new Leg(PEER, 2, 50));
  }

  @Test
  void aSourceThatDisappointsIsTriedMoreAndMoreSeldom() {
    shown(PEER, 0, 20);
    Offer offer = new Offer(PEER, 4);

    assertThat(chosen(16, offer)).isZero();
    assertThat(chosen(1, offer)).isEqualTo(1);
    breakEven.brought(PEER, 4000, 80);
    breakEven.settle(need(4), 4, 80, Set.of(PEER));
    assertThat(chosen(32, offer)).isZero();
    assertThat(chosen(1, offer)).isEqualTo(1);
    assertThat(breakEven.stats().losses()).isEqualTo(1);
    assertThat(breakEven.stats().lossMillis()).isCloseTo(40, within(1e-6));
  }

  @Test
  void aSourceThatHasBecomeQuickIsChosenAgain() {
    shown(PEER, 0, 20);
    Offer offer = new Offer(PEER, 4);
    while (breakEven.plan(need(4), List.of(offer)).isEmpty()) {
      assertThat(breakEven.stats().declined()).isLessThan(20);
    }
    for (int trial = 0; trial < 20; trial++) {
      breakEven.brought(PEER, 4000, 4);
      breakEven.settle(need(4), 4, 4, Set.of(PEER));
    }

    assertThat(chosen(20, offer)).isEqualTo(20);
    assertThat(breakEven.stats().winMillis()).isCloseTo(20 * 36.0, within(1e-6));
  }

  @Test
  void aSourceThatFailsIsWorthNothing() {
    breakEven.brought(Source.DISK, 0, 100);

    assertThat(chosen(5, new Offer(Source.DISK, 8))).isZero();
  }

  @Test
  void believesWhoHasMeasured() {
    Offer slow = new Offer(PEER, 8, new Speed(0, 1));

    assertThat(breakEven.plan(need(8), List.of(slow)).legs()).isEmpty();
  }

  @Test
  void restoresWhatItCanWhileItIsNotKnownWhatComputingTakes() {
    shown(PEER, 1000, 100);

    Plan plan = breakEven.plan(new Need(0, 3, 1000, 0), List.of(new Offer(PEER, 3)));

    assertThat(plan.legs()).containsExactly(new Leg(PEER, 0, 3));
    assertThat(plan.limit()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void learnsFixedTimeAndTimeForEachByteApart() {
    shown(PEER, 7, 3);

    Speed speed = breakEven.speed(PEER);
    assertThat(speed.fixedMillis()).isCloseTo(7, within(1e-6));
    assertThat(speed.millis(10_000)).isCloseTo(37, within(1e-6));
  }

  @Test
  void remembersOnlySoManySources() {
    for (int port = 1; port <= 9; port++) {
      breakEven.brought(
          new Source.Peer(InetSocketAddress.createUnresolved("peer", port)), 1000, 99);
    }

    assertThat(breakEven.speed(new Source.Peer(InetSocketAddress.createUnresolved("peer", 9))))
        .isNotEqualTo(Speed.UNTRIED);
    assertThat(breakEven.speed(new Source.Peer(InetSocketAddress.createUnresolved("peer", 1))))
        .isEqualTo(Speed.UNTRIED);
  }
}
