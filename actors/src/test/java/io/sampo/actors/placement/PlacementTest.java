package io.sampo.actors.placement;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.placement.Desired.Seat;
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
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
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
  private static final Duration GRACE = Duration.ofSeconds(30);

  private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
  private final ManualTime time = ManualTime.get(kit.system());
  private final TestProbe<Told> replicas = kit.createTestProbe();
  private final TestProbe<Placement.Adapters> asker = kit.createTestProbe();
  private final AtomicReference<@Nullable Desired> written = new AtomicReference<>();
  private final ActorRef<Placement.Command> placement =
      kit.spawn(
          Placement.create(
              new Remembered(),
              new PlacementSettings(ROUND, LIMIT, 1, GRACE),
              (replica, command) -> replicas.ref().tell(new Told(replica, command))));

  /** Every node has it at once. */
  private final class Remembered implements Placement.Register {

    @Override
    public CompletionStage<Desired> read() {
      return CompletableFuture.completedStage(Desired.of(List.of(SPEC)));
    }

    @Override
    public Set<ModelId> configured() {
      return Set.of(MODEL);
    }

    @Override
    public CompletionStage<Done> write(Desired desired) {
      written.set(desired);
      return CompletableFuture.completedStage(Done.done());
    }
  }

  @BeforeEach
  void twoEngineNodesAreThere() {
    nodes("a", "b");
  }

  private void nodes(String... names) {
    placement.tell(new Placement.EngineNodes(Set.of(names), Set.of(names)));
  }

  private void seen(ReplicaId replica, String node, Replica.State state, int running) {
    placement.tell(new Placement.ReplicaSeen(replica, node, state, running));
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
    Placement.Adapters loaded = asker.receiveMessage();
    assertThat(loaded.names()).containsExactly("sea");
    expectRound(SPEC.with(SEA));
    load(SEA);
    assertThat(asker.receiveMessage().failure())
        .extracting(Failure::message)
        .asString()
        .contains("is loaded already");
    unload("sea");
    settle(null, null);
    Placement.Adapters unloaded = asker.receiveMessage();
    assertThat(unloaded.names()).isEmpty();
    assertThat(unloaded.revision()).isGreaterThan(loaded.revision());
    unload("sea");
    assertThat(asker.receiveMessage().failure())
        .isEqualTo(Failure.adapterNotFound("lora_name", "sea"));
  }

  @Test
  void takesAnAdapterBackThatOneReplicaRefuses() {
    expectRound(SPEC);
    load(SEA);
    settle(null, BROKEN);
    Placement.Adapters refused = asker.receiveMessage();
    assertThat(refused.names()).isEmpty();
    assertThat(refused.failure()).isEqualTo(BROKEN);
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
    seen(REPLICAS.get(0), "a", Replica.State.READY, 0);
    seen(REPLICAS.get(1), "b", Replica.State.READY, 0);
    nodes("b");
    nodes("b", "c");
    time.timePasses(ROUND);
    assertThat(Objects.requireNonNull(written.get()).seats())
        .containsExactly(
            new Seat(REPLICAS.get(0), "c", true), new Seat(REPLICAS.get(1), "b", true));
  }

  @Test
  void refusesAdaptersWhileThereIsNoEngineNode() {
    expectRound(SPEC);
    nodes();
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
