package io.sampo.kvcache.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.kvcache.event.EventReader.Verdict;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class EventReaderTest {

  private final EventReader reader = new EventReader(4);
  private final EventStream stream = new EventStream(7);

  @Test
  void takesEventsInTheirOrderOnce() {
    BlockEvent first = stored(1);
    BlockEvent second = stored(2);
    assertThat(reader.read(first)).isEqualTo(Verdict.FIRST);
    assertThat(reader.read(second)).isEqualTo(Verdict.NEXT);
    assertThat(reader.read(first)).isEqualTo(Verdict.OLD);
    assertThat(reader.read(second)).isEqualTo(Verdict.OLD);
    assertThat(reader.waiting()).isFalse();
  }

  @Test
  void asksForASnapshotWhenItBeginsInTheMiddle() {
    stored(1);
    assertThat(reader.read(stored(2))).isEqualTo(Verdict.GAP);
    assertThat(reader.waiting()).isTrue();
  }

  @Test
  void keepsWhatComesAfterAGapUntilTheSnapshot() {
    reader.read(stored(0));
    stored(1);
    BlockEvent third = stored(2);
    BlockSnapshot snapshot = stream.snapshot(Map.of(), true);
    BlockEvent fourth = stored(3);
    assertThat(reader.read(third)).isEqualTo(Verdict.GAP);
    assertThat(reader.read(fourth)).isEqualTo(Verdict.KEPT);

    assertThat(reader.accepts(snapshot)).isTrue();
    assertThat(reader.takeKept()).containsExactly(third, fourth);
    assertThat(reader.read(third)).isEqualTo(Verdict.OLD);
    assertThat(reader.read(fourth)).isEqualTo(Verdict.NEXT);
    assertThat(reader.waiting()).isFalse();
  }

  @Test
  void asksAgainWhenTheSnapshotIsOlderThanTheGap() {
    reader.read(stored(0));
    BlockSnapshot tooOld = stream.snapshot(Map.of(), true);
    stored(1);
    reader.read(stored(2));
    assertThat(reader.accepts(tooOld)).isTrue();
    assertThat(reader.read(reader.takeKept().getFirst())).isEqualTo(Verdict.GAP);
  }

  @Test
  void refusesASnapshotOlderThanWhatItKnows() {
    BlockSnapshot old = stream.snapshot(Map.of(), true);
    reader.read(stored(0));
    assertThat(reader.accepts(old)).isFalse();
    assertThat(reader.read(stored(1))).isEqualTo(Verdict.NEXT);
  }

  @Test
  void asksAgainWhenMoreComesThanItMayKeep() {
    reader.read(stored(0));
    stored(1);
    assertThat(reader.read(stored(2))).isEqualTo(Verdict.GAP);
    for (int i = 0; i < 3; i++) {
      assertThat(reader.read(stored(3 + i))).isEqualTo(Verdict.KEPT);
    }
    assertThat(reader.read(stored(6))).isEqualTo(Verdict.GAP);
    assertThat(reader.takeKept()).hasSize(1);
  }

  @Test
  void beginsAgainWithANewEpochAndForgetsTheOldOne() {
    BlockEvent old = stored(0);
    reader.read(old);
    stored(1);
    reader.read(stored(2));
    EventStream restarted = new EventStream(8);
    assertThat(reader.read(restarted.cleared())).isEqualTo(Verdict.FIRST);
    assertThat(reader.waiting()).isFalse();
    assertThat(reader.takeKept()).isEmpty();
    assertThat(reader.read(stored(3))).isEqualTo(Verdict.OLD);
    assertThat(reader.accepts(stream.snapshot(Map.of(), true))).isFalse();
    restarted.cleared();
    assertThat(reader.read(restarted.cleared())).isEqualTo(Verdict.GAP);
  }

  @Test
  void refusesEventsThatNoHolderMaySend() {
    assertThatThrownBy(() -> new AllBlocksCleared(-1, 0)).hasMessageContaining("negative");
    assertThatThrownBy(() -> new BlockStored(0, 0, Tier.HOST, new long[3], true))
        .hasMessageContaining("not 3 longs");
    assertThatThrownBy(() -> new BlockRemoved(0, 0, Tier.HOST, new long[0], true))
        .hasMessageContaining("1 to 4096 blocks");
    assertThatThrownBy(() -> new BlockStored(0, 0, Tier.HOST, new long[2 * 4097], true))
        .hasMessageContaining("1 to 4096 blocks");
  }

  /**
   * Whatever is lost, doubled or late on the way: once a snapshot has come through, all is known.
   */
  @Test
  void knowsWhatTheHolderHasAfterAnyLoss() {
    for (int seed = 0; seed < 200; seed++) {
      new LossyRoad(seed).travel();
    }
  }

  private BlockStored stored(long block) {
    return stream.stored(Tier.HOST, new long[] {block, block}, true);
  }

  /** A holder, a road that loses, doubles and delays, and a follower. */
  private static final class LossyRoad {
    private final int seed;
    private final Random random;
    private final Set<Long> held = new HashSet<>();
    private final Set<Long> known = new HashSet<>();
    private final EventReader reader = new EventReader(8);
    private final List<BlockSnapshot> snapshots = new ArrayList<>();
    private EventStream stream = new EventStream(0);
    private long epoch;

    LossyRoad(int seed) {
      this.seed = seed;
      random = new Random(seed);
    }

    void travel() {
      BlockEvent last = null;
      for (int step = 0; step < 300; step++) {
        BlockEvent event = change();
        if (random.nextInt(10) > 0) {
          receive(event);
        }
        if (last != null && random.nextInt(10) == 0) {
          receive(last);
        }
        last = event;
        if (!snapshots.isEmpty() && random.nextInt(3) == 0) {
          receive(snapshots.removeFirst());
        }
      }
      while (reader.waiting()) {
        receive(snapshots.isEmpty() ? snapshot() : snapshots.removeLast());
      }
      receive(change());
      while (reader.waiting()) {
        receive(snapshot());
      }
      assertThat(known).as("seed %d", seed).isEqualTo(held);
    }

    private BlockEvent change() {
      long block = random.nextInt(40);
      long[] hash = {block, block};
      int what = random.nextInt(100);
      if (what == 0) {
        stream = new EventStream(++epoch);
        held.clear();
      }
      if (what <= 1) {
        held.clear();
        return stream.cleared();
      }
      if (what < 60) {
        held.add(block);
        return stream.stored(Tier.HOST, hash, false);
      }
      held.remove(block);
      return stream.removed(Tier.HOST, hash, false);
    }

    private BlockSnapshot snapshot() {
      long[] hashes = held.stream().flatMapToLong(b -> LongStream.of(b, b)).toArray();
      return stream.snapshot(Map.of(Tier.HOST, hashes), false);
    }

    private void receive(BlockEvent event) {
      switch (reader.read(event)) {
        case FIRST -> {
          known.clear();
          apply(event);
        }
        case NEXT -> apply(event);
        case GAP -> snapshots.add(snapshot());
        case OLD, KEPT -> {}
      }
    }

    private void apply(BlockEvent event) {
      switch (event) {
        case BlockStored stored -> known.add(stored.hashes()[0]);
        case BlockRemoved removed -> known.remove(removed.hashes()[0]);
        case AllBlocksCleared _ -> known.clear();
      }
    }

    private void receive(BlockSnapshot snapshot) {
      if (reader.accepts(snapshot)) {
        known.clear();
        for (long[] hashes : snapshot.hashes().values()) {
          for (long hash : hashes) {
            known.add(hash);
          }
        }
        reader.takeKept().forEach(this::receive);
      }
    }
  }
}
