package io.sampo.actors.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.scheduler.Located.Held;
import io.sampo.actors.scheduler.Located.Source;
import io.sampo.actors.wire.KvHint;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Two replicas of four places each, on two nodes, and a prompt of 64 blocks. */
class PriceTest {

  private static final ReplicaId HERE = new ReplicaId(new ModelId("m"), 0);
  private static final ReplicaId THERE = new ReplicaId(new ModelId("m"), 1);
  private static final Pace SLOW = new Pace(5, 0.05, 0.1, 0.2);
  private static final Pace FAST = new Pace(0.1, 0.05, 0.1, 0.2);
  private static final int BLOCKS = 64;
  private static final int PROMPT = 32 * BLOCKS;
  private static final KvHint HINT = new KvHint("there", 7, BLOCKS);

  private final LoadLedger ledger = new LoadLedger();
  private int sequences;

  PriceTest() {
    ledger.replicaUp(HERE, 4, false, List.of(), 0);
    ledger.replicaUp(THERE, 4, false, List.of(), 0);
    pace(SLOW, SLOW);
  }

  private void pace(Pace here, Pace there) {
    ledger.measured(HERE, here);
    ledger.measured(THERE, there);
  }

  @Test
  void aPromptGoesWhereItsBeginningIs() {
    assertThat(place(PROMPT, held(THERE, new Held(BLOCKS, BLOCKS, BLOCKS)))).isEqualTo(THERE);
    assertThat(place(PROMPT, held(HERE, new Held(0, 0, BLOCKS / 2)))).isEqualTo(HERE);
  }

  @Test
  void coldPromptsAreSpread() {
    assertThat(List.of(place(PROMPT, Located.NOWHERE), place(PROMPT, Located.NOWHERE)))
        .containsExactlyInAnyOrder(HERE, THERE);
  }

  @Test
  void aLongQueueIsWorseThanTakingTheBeginningFromAnotherNode() {
    Located there =
        new Located(
            32,
            Map.of(THERE, new Held(0, BLOCKS, BLOCKS)),
            List.of(new Source(HINT, Set.of(THERE))),
            null);
    assertThat(place(PROMPT, there)).isEqualTo(THERE);
    book(THERE, 2);

    assertThat(place(PROMPT, there)).isEqualTo(HERE);
    assertThat(there.hint(HERE)).isEqualTo(HINT);
    assertThat(there.hint(THERE)).isNull();
  }

  @Test
  void aLongPromptKeepsOffASlowReplicaAndACachedOneMayUseIt() {
    pace(SLOW, FAST);
    assertThat(place(PROMPT, Located.NOWHERE)).isEqualTo(THERE);
    assertThat(place(PROMPT, Located.NOWHERE)).isEqualTo(THERE);
    assertThat(place(PROMPT, held(HERE, new Held(BLOCKS, BLOCKS, BLOCKS)))).isEqualTo(HERE);
  }

  @Test
  void aSessionStaysUnlessItWouldBeginMuchSoonerElsewhere() {
    assertThat(place(10, session(THERE))).isEqualTo(THERE);
    assertThat(place(10, session(THERE))).isEqualTo(THERE);
    book(THERE, 1);
    assertThat(place(10, session(THERE))).isEqualTo(HERE);
  }

  @Test
  void whatHasBegunLongAgoIsNotWaitedFor() {
    book(THERE, 3);
    book(HERE, 1);

    assertThat(ledger.book(key(), 0, 10, session(THERE), 60_000_000_000L)).contains(THERE);
  }

  private static Located held(ReplicaId replica, Held held) {
    return new Located(32, Map.of(replica, held), List.of(), null);
  }

  private static Located session(ReplicaId replica) {
    return new Located(1, Map.of(), List.of(), replica);
  }

  /**
   * Long prompts of which nothing is anywhere, where the other replica is too slow to be chosen.
   */
  private void book(ReplicaId replica, int count) {
    Pace never = new Pace(1e9, 1e9, 1e9, 1e9);
    pace(replica.equals(HERE) ? SLOW : never, replica.equals(THERE) ? SLOW : never);
    for (int i = 0; i < count; i++) {
      assertThat(place(PROMPT, Located.NOWHERE)).isEqualTo(replica);
    }
    pace(SLOW, SLOW);
  }

  private @Nullable ReplicaId place(int tokens, Located located) {
    return ledger.book(key(), 0, tokens, located, 0).orElse(null);
  }

  private SequenceKey key() {
    return new SequenceKey("g" + sequences++, 0, 0);
  }
}
