package io.sampo.actors.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.wire.SequenceKey;
import io.sampo.engines.spi.EngineCapabilities;
import io.sampo.engines.spi.ModelTask;
import io.sampo.engines.spi.Priority;
import io.sampo.engines.spi.Sampling;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.junit.jupiter.api.Test;

class RosterTest {

  /** Of an engine where nobody gives way. */
  private static final EngineCapabilities TWO_PLACES =
      new EngineCapabilities(
          "simulated", true, "none", 2048, 2, 300, 128, true, false, ModelTask.GENERATE, 0);

  private final Roster roster = new Roster();

  @Test
  void aPromptThatStillArrivesHoldsAPlaceAsARunningSequenceDoes() {
    roster.arrive(start(1));
    roster.run(start(2), SequenceKv.NONE);

    assertThat(roster.fits(start(3), TWO_PLACES)).isFalse();
    roster.arrived(start(1).sequence());

    assertThat(roster.fits(start(3), TWO_PLACES)).isTrue();
  }

  @Test
  void aSequenceWhoseKvIsOnItsWayHoldsAPlaceToo() {
    roster.restore(start(1), new int[] {1}, SequenceKv.NONE);
    roster.run(start(2), SequenceKv.NONE);

    assertThat(roster.fits(start(3), TWO_PLACES)).isFalse();
    assertThat(roster.fits(start(1), TWO_PLACES)).isFalse();
    assertThat(roster.keys()).containsExactlyInAnyOrder(start(1).sequence(), start(2).sequence());
    assertThat(roster.restored(start(1).sequence())).isNotNull();

    assertThat(roster.fits(start(1), TWO_PLACES)).isTrue();
  }

  @Test
  void aSequenceIsHereOnce() {
    roster.run(start(1), SequenceKv.NONE);

    assertThat(roster.fits(start(1), TWO_PLACES)).isFalse();
    roster.ended(start(1).sequence());
    assertThat(roster.fits(start(1), TWO_PLACES)).isTrue();
  }

  private static Replica.Start start(int choice) {
    return new Replica.Start(
        new SequenceKey("g", choice, 0),
        null,
        1,
        new int[] {1},
        0,
        9,
        9,
        Sampling.GREEDY,
        Priority.NORMAL,
        CacheUse.COMMON,
        TestInbox.<Replica.Event>create().getRef());
  }
}
