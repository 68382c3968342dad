package io.sampo.actors.placement;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.replica.ModelSpec;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.EngineSettings;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two replicas of one model, played by a probe. */
@Timeout(30)
class PlacementTest {

  private record Told(ReplicaId replica, Replica.Command command) {}

  private static final ModelId MODEL = new ModelId("model");
  private static final ModelSpec SPEC =
      new ModelSpec(MODEL, "simulated", "none", EngineSettings.DEFAULTS, 0);
  private static final List<ReplicaId> REPLICAS =
      List.of(new ReplicaId(MODEL, 0), new ReplicaId(MODEL, 1));
  private static final Adapter SEA = new Adapter("sea", "sea.gguf", 1);
  private static final Failure BROKEN = Failure.invalidValue("lora_path", "it is broken");
  private static final Duration ROUND = Duration.ofSeconds(2);
  private static final Duration LIMIT = Duration.ofSeconds(45);

  private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
  private final ManualTime time = ManualTime.get(kit.system());
  private final TestProbe<Told> replicas = kit.createTestProbe();
  private final TestProbe<Placement.Adapters> asker = kit.createTestProbe();
  private final ActorRef<Placement.Command> placement =
      kit.spawn(
          Placement.create(
              List.of(SPEC),
              new PlacementSettings(ROUND, LIMIT, 1),
              (replica, command) -> replicas.ref().tell(new Told(replica, command))));

  @BeforeEach
  void twoEngineNodesAreThere() {
    placement.tell(new Placement.EngineNodes(Set.of("a", "b")));
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private void expectRound(ModelSpec spec) {
    for (ReplicaId replica : REPLICAS) {
      replicas.expectMessage(new Told(replica, new Replica.Load(spec)));
    }
  }

  private void load(Adapter adapter) {
    placement.tell(new Placement.LoadAdapter(MODEL, adapter, asker.ref()));
  }

  private void unload(String name) {
    placement.tell(new Placement.UnloadAdapter(MODEL, name, asker.ref()));
  }

  /** Both replicas are told to load or unload; each answers with its failure. */
  private void settle(@Nullable Failure first, @Nullable Failure second) {
    for (Failure failure : new Failure[] {first, second}) {
      Told told = replicas.receiveMessage();
      switch (told.command()) {
        case Replica.LoadAdapter(Adapter adapter, ActorRef<Replica.AdapterSettled> replyTo) ->
            replyTo.tell(new Replica.AdapterSettled(told.replica(), adapter.name(), failure));
        case Replica.UnloadAdapter(String name, ActorRef<Replica.AdapterSettled> replyTo) ->
            replyTo.tell(new Replica.AdapterSettled(told.replica(), name, failure));
        default -> throw new AssertionError(told);
      }
    }
  }

  @Test
  void wantsAnAdapterOnceAllReplicasHaveItUntilItIsAskedAway() {
    expectRound(SPEC);
    load(SEA);
    settle(null, null);
    asker.expectMessage(new Placement.Adapters(MODEL, 1, List.of("sea"), null));
    time.timePasses(ROUND);
    expectRound(SPEC.with(SEA));
    load(SEA);
    assertThat(asker.receiveMessage().failure())
        .extracting(Failure::message)
        .asString()
        .contains("is loaded already");
    unload("sea");
    settle(null, null);
    asker.expectMessage(new Placement.Adapters(MODEL, 2, List.of(), null));
    time.timePasses(ROUND);
    expectRound(SPEC);
    unload("sea");
    assertThat(asker.receiveMessage().failure())
        .isEqualTo(Failure.adapterNotFound("lora_name", "sea"));
  }

  @Test
  void takesAnAdapterBackThatOneReplicaRefuses() {
    expectRound(SPEC);
    load(SEA);
    settle(null, BROKEN);
    asker.expectMessage(new Placement.Adapters(MODEL, 0, List.of(), BROKEN));
    settle(null, null);
    time.timePasses(ROUND);
    expectRound(SPEC);
  }

  @Test
  void givesUpOnAReplicaThatDoesNotAnswerAndRefusesMoreMeanwhile() {
    expectRound(SPEC);
    load(SEA);
    replicas.receiveSeveralMessages(2);
    load(new Adapter("sky", "sky.gguf", 1));
    assertThat(asker.receiveMessage().failure())
        .extracting(Failure::code)
        .isEqualTo(ErrorCode.OVERLOADED);
    time.timePasses(LIMIT);
    assertThat(asker.receiveMessage().failure())
        .extracting(Failure::code)
        .isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
  }

  @Test
  void whoWaitsIsToldWhenItIsStopped() {
    expectRound(SPEC);
    load(SEA);
    replicas.receiveSeveralMessages(2);
    placement.tell(Placement.Stop.STOP);
    assertThat(asker.receiveMessage().failure())
        .extracting(Failure::code)
        .isEqualTo(ErrorCode.DRAINING);
    asker.expectTerminated(placement);
  }

  @Test
  void aReplicaKeepsItsNumberWhoeverLeavesAndANewNodeGetsAFreeOne() {
    expectRound(SPEC);
    placement.tell(new Placement.ReplicaSeen(REPLICAS.get(0), "a"));
    placement.tell(new Placement.ReplicaSeen(REPLICAS.get(1), "b"));
    placement.tell(new Placement.EngineNodes(Set.of("b")));
    replicas.expectMessage(new Told(REPLICAS.get(1), new Replica.Load(SPEC)));
    placement.tell(new Placement.EngineNodes(Set.of("b", "c")));
    expectRound(SPEC);
  }

  @Test
  void wantsNothingOnANodeThatIsAboutToLeave() {
    expectRound(SPEC);
    placement.tell(new Placement.ReplicaSeen(REPLICAS.get(0), "a"));
    placement.tell(new Placement.ReplicaSeen(REPLICAS.get(1), "b"));
    placement.tell(new Placement.EngineNodeLeaves("a"));
    time.timePasses(ROUND);
    replicas.expectMessage(new Told(REPLICAS.get(1), new Replica.Load(SPEC)));
    placement.tell(new Placement.EngineNodes(Set.of("a", "b")));
    replicas.expectMessage(new Told(REPLICAS.get(1), new Replica.Load(SPEC)));
    placement.tell(new Placement.EngineNodes(Set.of("b")));
    replicas.expectMessage(new Told(REPLICAS.get(1), new Replica.Load(SPEC)));
    placement.tell(new Placement.EngineNodes(Set.of("a", "b")));
    expectRound(SPEC);
  }

  @Test
  void refusesAdaptersWhileThereIsNoEngineNode() {
    expectRound(SPEC);
    placement.tell(new Placement.EngineNodes(Set.of()));
    load(SEA);
    assertThat(asker.receiveMessage().failure())
        .extracting(Failure::code)
        .isEqualTo(ErrorCode.NO_CAPACITY);
  }

  @Test
  void knowsNoAdaptersOfAnotherModel() {
    placement.tell(new Placement.LoadAdapter(new ModelId("other"), SEA, asker.ref()));
    assertThat(asker.receiveMessage().failure()).isEqualTo(Failure.modelNotFound("other"));
  }
}
