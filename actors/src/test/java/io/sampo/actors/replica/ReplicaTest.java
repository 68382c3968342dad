package io.sampo.actors.replica;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ModelId;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import io.sampo.engines.simulated.SimulatedProvider;
import io.sampo.engines.simulated.model.SimulatedModel;
import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.Sampling;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.FishingOutcomes;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A replica around the simulated engine. */
@Timeout(30)
class ReplicaTest {

  private static final ReplicaId ID = new ReplicaId(new ModelId("sim"), 0);
  private static final int[] PROMPT = {72, 101, 108, 108, 111};

  private final ActorTestKit kit = ActorTestKit.create();
  private final TestProbe<Replica.Report> router = kit.createTestProbe();
  private final TestProbe<Replica.Event> generation = kit.createTestProbe();
  private NodeKv kv = NodeKv.NONE;
  private String canary = "interval = 0, limit = 60 s";

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  @Test
  void isReadyOnlyAfterItsEngineHasProducedAToken() {
    ActorRef<Replica.Command> replica = replica(Map.of());
    Replica.Report ready = await(Replica.State.READY);

    assertThat(ready.stats()).extracting(EngineStats::generatedTokens).isEqualTo(1L);
    assertThat(ready.ref()).isEqualTo(replica);
  }

  @Test
  void streamsExactlyTheModelsTokens() {
    ActorRef<Replica.Command> replica = replica(Map.of("seed", "7", "end-probability", "0"));
    await(Replica.State.READY);
    replica.tell(start(1, PROMPT.length, PROMPT, 20));

    assertThat(answer(1))
        .containsExactly(box(new SimulatedModel(7, 0).answer(PROMPT, Sampling.GREEDY, 20)));
  }

  @Test
  void joinsAPromptThatComesInPieces() {
    ActorRef<Replica.Command> replica = replica(Map.of("seed", "7", "end-probability", "0"));
    await(Replica.State.READY);
    replica.tell(start(1, PROMPT.length, Arrays.copyOf(PROMPT, 2), 20));
    replica.tell(new Replica.PromptPiece(key(1), 2, Arrays.copyOfRange(PROMPT, 2, PROMPT.length)));

    assertThat(answer(1))
        .containsExactly(box(new SimulatedModel(7, 0).answer(PROMPT, Sampling.GREEDY, 20)));
  }

  @Test
  void declinesAPromptWhosePiecesDoNotFit() {
    ActorRef<Replica.Command> replica = replica(Map.of());
    await(Replica.State.READY);
    replica.tell(start(1, PROMPT.length, Arrays.copyOf(PROMPT, 2), 20));
    replica.tell(new Replica.PromptPiece(key(1), 3, new int[] {1, 2}));

    generation.expectMessage(new Replica.Declined(key(1)));
  }

  @Test
  void declinesOneSequenceMoreThanItsEngineTakes() {
    ActorRef<Replica.Command> replica = replica(Map.of("end-probability", "0"));
    await(Replica.State.READY);
    replica.tell(paused(1));
    replica.tell(paused(2));
    generation.expectMessage(new Replica.Begun(key(1), 0));
    replica.tell(paused(3));

    Replica.Event declined =
        generation
            .fishForMessage(
                Duration.ofSeconds(5),
                event ->
                    event instanceof Replica.Declined
                        ? FishingOutcomes.complete()
                        : FishingOutcomes.continueAndIgnore())
            .getFirst();
    assertThat(declined.sequence()).isEqualTo(key(3));
  }

  @Test
  void cancelFreesThePlace() {
    ActorRef<Replica.Command> replica = replica(Map.of("end-probability", "0"));
    await(Replica.State.READY);
    replica.tell(paused(1));
    replica.tell(new Replica.Cancel(key(1)));

    generation.expectMessage(new Replica.Begun(key(1), 0));
    assertThat(finish()).isEqualTo(new Replica.Finished(key(1), FinishReason.CANCELLED, 0));
    router.fishForMessage(
        Duration.ofSeconds(5),
        report ->
            report.running().isEmpty()
                ? FishingOutcomes.complete()
                : FishingOutcomes.continueAndIgnore());
  }

  @Test
  void aBrokenEngineBreaksItsSequencesAndIsLoadedAgain() {
    ActorRef<Replica.Command> replica =
        replica(Map.of("fail-after-tokens", "5", "end-probability", "0"));
    await(Replica.State.READY);
    replica.tell(start(1, PROMPT.length, PROMPT, 100));

    assertThat(finish()).isEqualTo(new Replica.Broken(key(1)));
    await(Replica.State.LOADING);
    await(Replica.State.READY);
  }

  @Test
  void anIdleEngineIsAskedForATokenAgainAndAgain() {
    canary = "interval = 1 ms, limit = 10 s";
    replica(Map.of());
    List<Replica.Report> ready =
        router.fishForMessage(
            Duration.ofSeconds(10),
            report ->
                report.stats() != null && report.stats().generatedTokens() >= 3
                    ? FishingOutcomes.complete()
                    : report.state() == Replica.State.READY
                        ? FishingOutcomes.continueAndCollect()
                        : FishingOutcomes.continueAndIgnore());
    assertThat(ready).isNotEmpty().allMatch(report -> report.state() == Replica.State.READY);
  }

  @Test
  void anIdleEngineThatHangsIsNotReadyAnyMore() {
    canary = "interval = 1 ms, limit = 50 ms";
    replica(Map.of("hang-after-tokens", "1"));
    await(Replica.State.READY);
    await(Replica.State.LOADING);
  }

  @Test
  void anEngineThatHangsInMidAnswerBreaksItsSequencesWhetherAPlaceIsFreeOrNot() {
    canary = "interval = 20 ms, limit = 50 ms";
    ActorRef<Replica.Command> replica =
        replica(Map.of("hang-after-tokens", "50", "end-probability", "0"));
    for (int places = 1; places <= 2; places++) {
      await(Replica.State.READY);
      for (int sequence = 1; sequence <= places; sequence++) {
        replica.tell(start(10 * places + sequence, PROMPT.length, PROMPT, 100));
      }
      for (int sequence = 1; sequence <= places; sequence++) {
        assertThat(finish()).isInstanceOf(Replica.Broken.class);
      }
      await(Replica.State.LOADING);
    }
  }

  @Test
  void handsItsAnswersOverWhenItsNodeLeaves() {
    ActorRef<Replica.Command> replica = replica(Map.of("end-probability", "0"));
    await(Replica.State.READY);
    replica.tell(paused(1));
    generation.expectMessage(new Replica.Begun(key(1), 0));
    replica.tell(start(2, PROMPT.length, Arrays.copyOf(PROMPT, 2), 20));
    replica.tell(Replica.Stop.STOP);

    await(Replica.State.LEAVING);
    generation.expectMessage(new Replica.Declined(key(1)));
    assertThat(
            generation
                .fishForMessage(
                    Duration.ofSeconds(5),
                    event ->
                        event instanceof Replica.Declined
                            ? FishingOutcomes.complete()
                            : FishingOutcomes.continueAndIgnore())
                .getFirst()
                .sequence())
        .isEqualTo(key(2));
  }

  @Test
  void whatRunsOnADrainedReplicaEndsThereAndNothingNewBegins() {
    ActorRef<Replica.Command> replica = replica(Map.of("seed", "7", "end-probability", "0"));
    await(Replica.State.READY);
    replica.tell(paused(1));
    generation.expectMessage(new Replica.Begun(key(1), 0));
    replica.tell(new Replica.Drain(60_000));
    assertThat(await(Replica.State.DRAINING).running()).containsExactly(key(1));
    replica.tell(start(2, PROMPT.length, PROMPT, 20));
    assertThat(other()).isEqualTo(new Replica.Declined(key(2)));
    replica.tell(new Replica.Unload());
    replica.tell(new Replica.Allow(key(1), 1_000));
    assertThat(finish()).isEqualTo(new Replica.Finished(key(1), FinishReason.LENGTH, 100));
    replica.tell(new Replica.Undrain());
    await(Replica.State.READY);
    replica.tell(start(3, PROMPT.length, PROMPT, 20));
    assertThat(answer(3)).hasSize(20);
  }

  @Test
  void whatRunsOnADrainedReplicaAfterItsTimeGoesOnElsewhereAndItCanBeUnloaded() {
    ActorRef<Replica.Command> replica = replica(Map.of("end-probability", "0"));
    TestProbe<Done> empty = kit.createTestProbe();
    await(Replica.State.READY);
    replica.tell(paused(1));
    generation.expectMessage(new Replica.Begun(key(1), 0));
    replica.tell(new Replica.Drain(0));
    assertThat(other()).isEqualTo(new Replica.Declined(key(1)));
    assertThat(finish()).isEqualTo(new Replica.Finished(key(1), FinishReason.CANCELLED, 0));
    replica.tell(new Replica.DrainForGood(Duration.ofMinutes(1), empty.ref()));
    empty.expectMessage(Done.done());
    replica.tell(new Replica.Undrain());
    replica.tell(start(2, PROMPT.length, PROMPT, 20));
    assertThat(other()).isEqualTo(new Replica.Declined(key(2)));
    replica.tell(new Replica.Unload());
    await(Replica.State.LEAVING);
    router.expectTerminated(replica);
  }

  @Test
  void aModelThatBreaksARuleIsNotTriedAgain() {
    EngineLoader rejecting =
        spec ->
            CompletableFuture.failedFuture(
                new EngineException(EngineException.Kind.MODEL_REJECTED, "GGUF rejected: magic"));
    ActorRef<Replica.Command> replica = replica(rejecting);
    replica.tell(new Replica.Load(spec(Map.of())));

    assertThat(await(Replica.State.FAILED).failure()).isEqualTo("GGUF rejected: magic");
  }

  @Test
  void loadsItsAdaptersAgainWithItsEngine() {
    TestProbe<Replica.AdapterSettled> settled = kit.createTestProbe();
    TestProbe<Adapter> loads = kit.createTestProbe();
    Adapter given = new Adapter("given", "a.gguf", 1);
    Adapter added = new Adapter("added", "b.gguf", 1);
    Adapter removed = new Adapter("removed", "c.gguf", 1);
    EngineLoader loader =
        spec ->
            CompletableFuture.supplyAsync(
                () ->
                    new AdaptingEngine(
                        new SimulatedProvider().load(Path.of(spec.source()), spec.settings()),
                        loads.ref()::tell));
    ActorRef<Replica.Command> replica = replica(loader);
    Map<String, String> breaking = Map.of("fail-after-tokens", "5", "end-probability", "0");
    replica.tell(new Replica.Load(spec(breaking).with(given)));
    await(Replica.State.READY);
    for (Adapter one : List.of(added, removed)) {
      replica.tell(new Replica.LoadAdapter(one, settled.ref()));
      settled.expectMessage(new Replica.AdapterSettled(ID, one.name(), null));
    }
    replica.tell(new Replica.UnloadAdapter("removed", settled.ref()));
    settled.expectMessage(new Replica.AdapterSettled(ID, "removed", null));
    replica.tell(start(1, PROMPT.length, PROMPT, 100));
    await(Replica.State.LOADING);
    await(Replica.State.READY);

    assertThat(loads.receiveSeveralMessages(5))
        .containsExactly(given, added, removed, given, added);
  }

  @Test
  void saysWhyItsEngineRefusesAnAdapter() {
    TestProbe<Replica.AdapterSettled> settled = kit.createTestProbe();
    ActorRef<Replica.Command> replica = replica(Map.of());
    await(Replica.State.READY);
    replica.tell(new Replica.LoadAdapter(new Adapter("a", "a.gguf", 1), settled.ref()));

    assertThat(settled.receiveMessage().failure())
        .extracting(Failure::message)
        .asString()
        .contains("the simulated engine has no adapters");
  }

  /** KV that comes when the test says so. */
  private static final class SlowKv implements EngineKv {
    final List<CompletableFuture<Void>> asked = new CopyOnWriteArrayList<>();
    final List<int[]> computed = new CopyOnWriteArrayList<>();

    @Override
    public SequenceKv begin(CacheUse use, int[] prompt) {
      assertThat(prompt).isEqualTo(PROMPT);
      CompletableFuture<Void> own = new CompletableFuture<>();
      asked.add(own);
      return new SequenceKv() {
        @Override
        public CompletableFuture<Void> ready() {
          return own;
        }

        @Override
        public void computed(int[] tokens) {
          computed.add(tokens);
        }
      };
    }

    @Override
    public @Nullable KvOffer offer() {
      return null;
    }
  }

  private ActorRef<Replica.Command> replica(SlowKv slow, Map<String, String> options) {
    kv = _ -> slow;
    ActorRef<Replica.Command> replica = replica(options);
    await(Replica.State.READY);
    return replica;
  }

  private void awaitPlacesTaken(int count) {
    router.fishForMessage(
        Duration.ofSeconds(10),
        report ->
            report.running().size() == count
                ? FishingOutcomes.complete()
                : FishingOutcomes.continueAndIgnore());
  }

  @Test
  void aSequenceBeginsWhenItsKvIsThereAndHoldsAPlaceMeanwhile() {
    SlowKv slow = new SlowKv();
    ActorRef<Replica.Command> replica = replica(slow, Map.of("seed", "7", "end-probability", "0"));
    replica.tell(start(1, PROMPT.length, PROMPT, 20));
    replica.tell(start(2, PROMPT.length, PROMPT, 20));
    replica.tell(start(3, PROMPT.length, PROMPT, 20));
    assertThat(other()).isEqualTo(new Replica.Declined(key(3)));
    awaitPlacesTaken(2);
    replica.tell(new Replica.Cancel(key(2)));
    awaitPlacesTaken(1);
    assertThat(slow.asked.getLast()).isCancelled();
    slow.asked.getFirst().complete(null);
    assertThat(other()).isEqualTo(new Replica.Begun(key(1), 0));
  }

  @Test
  void whatWasComputedIsOfferedWithTheAnswer() {
    SlowKv slow = new SlowKv();
    ActorRef<Replica.Command> replica = replica(slow, Map.of("seed", "7", "end-probability", "0"));
    replica.tell(start(1, PROMPT.length, PROMPT, 20));
    awaitPlacesTaken(1);
    slow.asked.getFirst().complete(null);
    int[] told = answer(1).stream().mapToInt(Integer::intValue).toArray();
    awaitPlacesTaken(0);

    int[] whole = Arrays.copyOf(PROMPT, PROMPT.length + told.length);
    System.arraycopy(told, 0, whole, PROMPT.length, told.length);
    assertThat(slow.computed).hasSize(1);
    assertThat(slow.computed.getFirst()).isEqualTo(whole);
  }

  @Test
  void nobodyWaitsForKvOfAnEngineThatBroke() {
    SlowKv slow = new SlowKv();
    canary = "interval = 20 ms, limit = 50 ms";
    ActorRef<Replica.Command> replica = replica(slow, Map.of("hang-after-tokens", "1"));
    replica.tell(start(1, PROMPT.length, PROMPT, 20));

    assertThat(other()).isEqualTo(new Replica.Declined(key(1)));
  }

  /** The next event but signs of life. */
  private Replica.Event other() {
    while (true) {
      Replica.Event event = generation.receiveMessage(Duration.ofSeconds(20));
      if (!(event instanceof Replica.Alive)) {
        return event;
      }
    }
  }

  private ActorRef<Replica.Command> replica(Map<String, String> options) {
    EngineLoader loader =
        spec ->
            CompletableFuture.supplyAsync(
                () -> new SimulatedProvider().load(Path.of(spec.source()), spec.settings()));
    ActorRef<Replica.Command> replica = replica(loader);
    replica.tell(new Replica.Load(spec(options)));
    return replica;
  }

  private ActorRef<Replica.Command> replica(EngineLoader loader) {
    return kit.spawn(
        Replica.create(
            ID,
            loader,
            kv,
            report -> router.ref().tell(report),
            ReplicaSettings.from(
                ConfigFactory.parseString(
                        "actors.replica { report-interval = 20 ms, reload-delay = 20 ms, canary-"
                            + canary.replace(", ", ", canary-")
                            + " }")
                    .withFallback(ConfigFactory.load()))));
  }

  private static ModelSpec spec(Map<String, String> options) {
    EngineSettings settings =
        new EngineSettings(
            1024,
            2,
            0,
            0,
            EngineSettings.KvType.F16,
            EngineSettings.FlashAttention.AUTO,
            false,
            options);
    return new ModelSpec(ID.model(), "simulated", "none", settings, 1);
  }

  private Replica.Report await(Replica.State state) {
    return router
        .fishForMessage(
            Duration.ofSeconds(10),
            report ->
                report.state() == state
                    ? FishingOutcomes.complete()
                    : FishingOutcomes.continueAndIgnore())
        .getFirst();
  }

  private Replica.Start start(int sequence, int promptTokens, int[] ids, int maxTokens) {
    return new Replica.Start(
        key(sequence),
        null,
        promptTokens,
        ids,
        0,
        maxTokens,
        1_000,
        Sampling.GREEDY,
        0,
        CacheUse.COMMON,
        generation.ref());
  }

  /** A sequence that may emit nothing until it is allowed to. */
  private Replica.Start paused(int sequence) {
    return new Replica.Start(
        key(sequence),
        null,
        PROMPT.length,
        PROMPT,
        0,
        100,
        0,
        Sampling.GREEDY,
        0,
        CacheUse.COMMON,
        generation.ref());
  }

  private List<Integer> answer(int sequence) {
    List<Integer> ids = new ArrayList<>();
    assertThat(other()).isInstanceOf(Replica.Begun.class);
    while (true) {
      switch (generation.receiveMessage()) {
        case Replica.Tokens tokens -> {
          assertThat(tokens.firstIndex()).isEqualTo(ids.size());
          Arrays.stream(tokens.ids()).forEach(ids::add);
        }
        case Replica.Alive alive -> {}
        case Replica.Event end -> {
          assertThat(end)
              .isEqualTo(new Replica.Finished(key(sequence), FinishReason.LENGTH, ids.size()));
          return ids;
        }
      }
    }
  }

  private Replica.Event finish() {
    while (true) {
      Replica.Event event = generation.receiveMessage();
      if (event instanceof Replica.Finished || event instanceof Replica.Broken) {
        return event;
      }
    }
  }

  private static Integer[] box(int[] ids) {
    return Arrays.stream(ids).boxed().toArray(Integer[]::new);
  }

  private static SequenceKey key(int sequence) {
    return new SequenceKey("g" + sequence, 0, 0);
  }
}
