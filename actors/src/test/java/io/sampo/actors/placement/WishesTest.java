package io.sampo.actors.placement;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.placement.Desired.Kind;
import io.sampo.actors.placement.Desired.Progress;
import io.sampo.actors.placement.Desired.Seat;
import io.sampo.actors.placement.Desired.Target;
import io.sampo.actors.placement.Seats.Living;
import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.engines.spi.EngineSettings;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is wanted of one model on nodes that come, go and are drained. */
class WishesTest {

  private static final ModelId MODEL = new ModelId("m");
  private static final long GRACE = 30_000;
  private static final Replica.Drain DRAIN = new Replica.Drain(GRACE);

  private static ModelSpec spec(int replicas) {
    return new ModelSpec(MODEL, "simulated", "none", EngineSettings.DEFAULTS, replicas);
  }

  private static Wishes wishes(int replicas, String... nodes) {
    Wishes wishes = new Wishes(Desired.of(List.of(spec(replicas))), Set.of(MODEL), () -> 1000);
    nodes(wishes, nodes);
    return wishes;
  }

  private static void nodes(Wishes wishes, String... nodes) {
    wishes.nodes(Set.of(nodes), Set.of(nodes));
    wishes.settle();
  }

  private static ReplicaId id(int ordinal) {
    return new ReplicaId(MODEL, ordinal);
  }

  private static Seat seat(int ordinal, String node) {
    return new Seat(id(ordinal), node, true);
  }

  private static void lives(
      Wishes wishes, int ordinal, String node, Replica.State state, int running) {
    wishes.seen(id(ordinal), new Living(node, state, running));
    wishes.settle();
  }

  private static Wishes.Outcome drain(Wishes wishes, Kind kind, String name) {
    Wishes.Outcome outcome = wishes.drain(new Target(kind, name), GRACE, false);
    wishes.settle();
    return outcome;
  }

  private static Progress progress(Wishes wishes) {
    return wishes.desired().operations().getLast().progress();
  }

  @Test
  void aReplicaIsDrainedUntilItRunsNothingAndTakenBackWhenThatIsWanted() {
    Wishes wishes = wishes(0, "a#1", "b#1");
    lives(wishes, 0, "a#1", Replica.State.READY, 2);
    lives(wishes, 1, "b#1", Replica.State.READY, 0);
    assertThat(drain(wishes, Kind.REPLICA, "m#0").operation()).isEqualTo("drain-2");
    assertThat(wishes.orders(0).get(id(0))).containsExactly(new Replica.Load(spec(0)), DRAIN);
    assertThat(wishes.orders(0).get(id(1))).containsExactly(new Replica.Load(spec(0)));
    lives(wishes, 0, "a#1", Replica.State.DRAINING, 2);
    assertThat(progress(wishes)).isEqualTo(Progress.RUNNING);
    assertThat(wishes.left(wishes.desired().operations().getLast()))
        .containsExactly("m#0: 2 sequences");
    lives(wishes, 0, "a#1", Replica.State.DRAINING, 0);
    assertThat(progress(wishes)).isEqualTo(Progress.DONE);
    assertThat(wishes.undrain(new Target(Kind.REPLICA, "m#0"), false).refusal()).isNull();
    assertThat(wishes.orders(0).get(id(0)))
        .containsExactly(new Replica.Load(spec(0)), new Replica.Undrain());
  }

  @Test
  void aDrainedNodeKeepsItsReplicaForAnUndrainAndAnotherNodeGetsOneWithANewNumber() {
    Wishes wishes = wishes(2, "a#1", "b#1", "c#1");
    lives(wishes, 0, "a#1", Replica.State.READY, 1);
    lives(wishes, 1, "b#1", Replica.State.READY, 0);
    drain(wishes, Kind.NODE, "a");
    assertThat(wishes.desired().seats())
        .containsExactly(seat(0, "a#1"), seat(1, "b#1"), seat(2, "c#1"));
    assertThat(wishes.orders(0).get(id(0))).containsExactly(DRAIN);
    assertThat(wishes.orders(0).get(id(2))).containsExactly(new Replica.Load(spec(2)));
    lives(wishes, 0, "a#1", Replica.State.DRAINING, 1);
    wishes.undrain(new Target(Kind.NODE, "a"), false);
    wishes.settle();
    assertThat(progress(wishes)).isEqualTo(Progress.TAKEN_BACK);
    assertThat(wishes.orders(0).get(id(0)))
        .containsExactly(new Replica.Load(spec(2)), new Replica.Undrain());
  }

  @Test
  void theDrainOfANodeIsDoneWhenItHasLeftAndItsSuccessorIsNotDrained() {
    Wishes wishes = wishes(0, "a#1", "b#1");
    lives(wishes, 0, "a#1", Replica.State.READY, 0);
    lives(wishes, 1, "b#1", Replica.State.READY, 0);
    drain(wishes, Kind.NODE, "a");
    lives(wishes, 0, "a#1", Replica.State.DRAINING, 0);
    assertThat(progress(wishes)).isEqualTo(Progress.RUNNING);
    nodes(wishes, "b#1");
    assertThat(progress(wishes)).isEqualTo(Progress.DONE);
    assertThat(wishes.desired().drains()).isEmpty();
    nodes(wishes, "a#2", "b#1");
    assertThat(wishes.desired().seats()).containsExactly(seat(0, "a#2"), seat(1, "b#1"));
    assertThat(wishes.orders(0)).containsEntry(id(0), List.of(new Replica.Load(spec(0))));
  }

  @Test
  void aNodeThatIsBeingStoppedIsToldNothingAndNobodyTakesThatBack() {
    Wishes wishes = wishes(1, "a#1", "b#1");
    lives(wishes, 0, "a#1", Replica.State.READY, 3);
    wishes.leaves("a#1");
    wishes.settle();
    assertThat(wishes.orders(0)).isEqualTo(Map.of(id(1), List.of(new Replica.Load(spec(1)))));
    assertThat(wishes.undrain(new Target(Kind.NODE, "a"), false).refusal()).contains("stopped");
    assertThat(drain(wishes, Kind.NODE, "a").refusal()).contains("stopped");
  }

  @Test
  void aModelThatIsDrainedGetsNoNewReplicas() {
    Wishes wishes = wishes(0, "a#1");
    lives(wishes, 0, "a#1", Replica.State.READY, 0);
    drain(wishes, Kind.MODEL, "m");
    nodes(wishes, "a#1", "b#1");
    assertThat(wishes.desired().seats()).containsExactly(seat(0, "a#1"));
    assertThat(wishes.orders(0).get(id(0))).contains(DRAIN);
  }

  @Test
  void theKilledNodesReplicaRunsElsewhereWhereOneIsFree() {
    Wishes wishes = wishes(1, "a#1", "b#1");
    assertThat(wishes.desired().seats()).containsExactly(seat(0, "a#1"));
    nodes(wishes, "b#1");
    assertThat(wishes.desired().seats()).containsExactly(seat(0, "b#1"));
  }

  @Test
  void ofReplicasTooManyTheOneThatWorksLeastIsDrainedThenUnloaded() {
    Wishes wishes = wishes(0, "a#1", "b#1");
    lives(wishes, 0, "a#1", Replica.State.READY, 0);
    lives(wishes, 1, "b#1", Replica.State.READY, 4);
    assertThat(wishes.scale(MODEL, 1, false).operation()).startsWith("scale-");
    wishes.settle();
    assertThat(wishes.desired().seats())
        .containsExactly(new Seat(id(0), "a#1", false), seat(1, "b#1"));
    assertThat(wishes.orders(GRACE).get(id(0))).containsExactly(DRAIN);
    lives(wishes, 0, "a#1", Replica.State.DRAINING, 0);
    assertThat(wishes.orders(GRACE).get(id(0))).containsExactly(DRAIN, new Replica.Unload());
    assertThat(progress(wishes)).isEqualTo(Progress.RUNNING);
    lives(wishes, 0, "a#1", Replica.State.LEAVING, 0);
    assertThat(progress(wishes)).isEqualTo(Progress.DONE);
    assertThat(wishes.orders(GRACE)).doesNotContainKey(id(0));
    wishes.scale(MODEL, 0, false);
    wishes.settle();
    assertThat(wishes.desired().seats()).containsExactly(seat(0, "a#1"), seat(1, "b#1"));
  }

  @Test
  void whatHasNoNodeWaitsVisibly() {
    Wishes wishes = wishes(1, "a#1", "b#1");
    lives(wishes, 0, "a#1", Replica.State.READY, 0);
    wishes.scale(MODEL, 3, false);
    wishes.settle();
    lives(wishes, 1, "b#1", Replica.State.READY, 0);
    assertThat(wishes.left(wishes.desired().operations().getLast()))
        .containsExactly("1 wait for an engine node");
    nodes(wishes, "a#1", "b#1", "c#1");
    lives(wishes, 2, "c#1", Replica.State.READY, 0);
    assertThat(progress(wishes)).isEqualTo(Progress.DONE);
  }

  private static Placement.NodeOffer offer(String node, long freeGibibytes) {
    return new Placement.NodeOffer(node, 4, freeGibibytes << 30, 64L << 30, "", 0, Map.of());
  }

  @Test
  void aModelThatIsLoadedIsReadThenGoesWhereThereIsRoomAndWaitsVisiblyWhereThereIsNone() {
    Wishes wishes = wishes(0, "a#1", "b#1");
    lives(wishes, 0, "a#1", Replica.State.READY, 0);
    lives(wishes, 1, "b#1", Replica.State.READY, 0);
    wishes.offered(offer("a#1", 2));
    wishes.offered(offer("b#1", 3));
    ModelId big = new ModelId("big");
    wishes.load(
        new ModelSpec(big, "simulated", "f", EngineSettings.DEFAULTS, 2, List.of(), -1), false);
    wishes.settle();
    assertThat(wishes.waiting()).containsEntry(big, "waits until a gateway has read the model");
    wishes.sized(big, 5L << 29, null);
    wishes.settle();
    assertThat(wishes.desired().seats())
        .containsExactly(
            seat(0, "a#1"), seat(1, "b#1"), new Seat(new ReplicaId(big, 0), "b#1", true));
    assertThat(wishes.left(wishes.desired().operations().getLast()))
        .containsExactly(
            "big#0 is loaded", "waits for room: needs 2.5 GiB, most free is 2.0 GiB on a");
    wishes.offered(offer("a#1", 3));
    wishes.settle();
    assertThat(wishes.waiting()).isEmpty();
    wishes.seen(new ReplicaId(big, 0), new Living("b#1", Replica.State.READY, 1));
    wishes.unload(big, false);
    wishes.settle();
    assertThat(wishes.orders(GRACE).get(new ReplicaId(big, 0))).containsExactly(DRAIN);
    assertThat(progress(wishes)).isEqualTo(Progress.RUNNING);
    wishes.seen(new ReplicaId(big, 0), new Living("b#1", Replica.State.LEAVING, 0));
    wishes.settle();
    assertThat(progress(wishes)).isEqualTo(Progress.DONE);
  }

  @Test
  void theMemoryOfAGpuIsSharedByWhatIsToBeThere() {
    Wishes wishes = wishes(0, "a#1");
    wishes.sized(MODEL, 1L << 30, null);
    wishes.offered(new Placement.NodeOffer("a#1", 4, 0, 0, "L4", 24L << 30, Map.of()));
    for (String name : List.of("one", "two")) {
      wishes.load(
          new ModelSpec(
              new ModelId(name),
              "simulated",
              "f",
              EngineSettings.DEFAULTS,
              1,
              List.of(),
              16L << 30),
          false);
      wishes.settle();
    }
    assertThat(wishes.waiting())
        .isEqualTo(
            Map.of(
                new ModelId("two"), "waits for room: needs 16.0 GiB, most free is 7.0 GiB on a"));
  }

  @Test
  void theConfigurationsModelGoesOnANodeWhateverItNeeds() {
    Wishes wishes = wishes(0, "a#1");
    wishes.sized(MODEL, 40L << 30, null);
    wishes.settle();
    nodes(wishes, "a#1", "b#1");
    wishes.offered(offer("b#1", 1));
    wishes.settle();
    assertThat(wishes.desired().seats()).containsExactly(seat(0, "a#1"), seat(1, "b#1"));
    assertThat(wishes.waiting()).isEmpty();
  }

  @Test
  void aDryRunTellsWhatWouldHappenAndChangesNothing() {
    Wishes wishes = wishes(0, "a#1");
    lives(wishes, 0, "a#1", Replica.State.READY, 2);
    Desired before = wishes.desired();
    Wishes.Outcome told = wishes.drain(new Target(Kind.NODE, "a"), GRACE, true);
    assertThat(told.lines())
        .containsExactly(
            "would drain node a; what runs there has 30 s and then goes on elsewhere",
            "m#0 on a runs 2 sequences; then the node leaves");
    assertThat(wishes.desired()).isEqualTo(before);
    assertThat(wishes.drain(new Target(Kind.NODE, "nobody"), GRACE, true).refusal())
        .isEqualTo("there is no node nobody");
  }
}
