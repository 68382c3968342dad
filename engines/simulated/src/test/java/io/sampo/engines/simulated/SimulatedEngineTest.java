package io.sampo.engines.simulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.engines.simulated.model.SimulatedModel;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.RecordingListener;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceListener;
import io.sampo.engines.spi.SequenceRequest;
import io.sampo.engines.spi.TokenLogprobs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What only the simulated engine does, in virtual time: cpu-2core decodes one sequence in 20 ms,
 * two in 30 ms.
 */
class SimulatedEngineTest {

  private static final Duration STEP = Duration.ofMillis(20);
  private final VirtualTime time = new VirtualTime();
  private @Nullable SimulatedEngine engine;
  private long lastId;

  @AfterEach
  void close() {
    if (engine != null) {
      engine.close();
    }
  }

  @Test
  void answersWhatTheModelSays() {
    SimulatedEngine answering = load(Map.of("profile", "instant", "seed", "3"));
    RecordingListener heard = submit(answering, prompt(40), 300);
    time.advance(Duration.ZERO);
    int[] expected = new SimulatedModel(3, 0.0005).answer(prompt(40), Sampling.GREEDY, 300);
    assertThat(heard.awaitEnd().ids()).isEqualTo(expected);
  }

  @Test
  void endsWithStopWhereTheModelEnds() {
    SimulatedEngine answering = load(Map.of("profile", "instant", "end-probability", "0.2"));
    RecordingListener heard = submit(answering, prompt(4), 1_000);
    time.advance(Duration.ZERO);
    assertThat(heard.awaitEnd().reason()).isEqualTo(FinishReason.STOP);
    assertThat(heard.ids())
        .isEqualTo(new SimulatedModel(0, 0.2).answer(prompt(4), Sampling.GREEDY, 1_000));
  }

  @Test
  void takesTheTimeItsProfileSays() {
    SimulatedEngine timed = load(Map.of());
    RecordingListener heard = submit(timed, prompt(178), 100);
    time.advance(Duration.ofMillis(999));
    assertThat(heard.ids()).isEmpty();
    time.advance(Duration.ofMillis(1));
    assertThat(heard.ids()).hasSize(1);
    time.advance(STEP.multipliedBy(10));
    assertThat(heard.ids()).hasSize(11);
    submit(timed, prompt(1), 100);
    time.advance(Duration.ofMillis(26).plus(Duration.ofMillis(30).multipliedBy(10)));
    assertThat(heard.ids()).hasSize(22);
    assertThat(timed.stats().decodeTokensPerSecond()).isBetween(45.0, 70.0);
    assertThat(timed.stats().prefillTokensPerSecond()).isBetween(170.0, 190.0);
  }

  @Test
  void computesALongPromptInChunksBesideTheAnswersThatRun() {
    SimulatedEngine chunking = load(Map.of("prefill-chunk", "89"));
    RecordingListener streams = submit(chunking, prompt(1), 1_000);
    time.advance(STEP);
    RecordingListener waits = submit(chunking, prompt(890), 1_000);
    int before = streams.ids().length;
    time.advance(Duration.ofSeconds(5));
    assertThat(waits.ids()).isEmpty();
    assertThat(streams.ids().length - before).isBetween(9, 11);
    time.advance(Duration.ofSeconds(1));
    assertThat(waits.ids()).isNotEmpty();
  }

  @Test
  void startsFromTheBlocksOfAPromptItHasSeen() {
    SimulatedEngine reusing = load(Map.of("profile", "instant"));
    submit(reusing, prompt(100), 5);
    time.advance(Duration.ZERO);
    RecordingListener again = submit(reusing, prompt(100), 5);
    RecordingListener whole = submit(reusing, prompt(96), 5);
    RecordingListener foreign = submit(reusing, new int[] {1, 2, 3, 4}, 5);
    time.advance(Duration.ZERO);
    assertThat(again.cachedTokens()).isEqualTo(96);
    assertThat(whole.cachedTokens()).isEqualTo(64);
    assertThat(foreign.cachedTokens()).isZero();
    assertThat(reusing.stats().cachedTokens()).isEqualTo(160);
  }

  @Test
  void forgetsTheOldestBlocksWhenTheirRoomIsFull() {
    SimulatedEngine small = load(Map.of("profile", "instant", "retain-tokens", "64"));
    int[] other = IntStream.range(0, 70).map(i -> i + 1).toArray();
    for (int[] prompt : new int[][] {prompt(70), other, prompt(70)}) {
      RecordingListener heard = submit(small, prompt, 1);
      time.advance(Duration.ZERO);
      assertThat(heard.awaitEnd().cachedTokens()).isZero();
    }
    assertThat(small.stats().kvTokensUsed()).isEqualTo(64);
  }

  @Test
  void breaksOnCommandAndWorksAgainAfterRecovery() {
    SimulatedEngine broken = load(Map.of());
    RecordingListener heard = submit(broken, prompt(1), 100);
    RecordingListener unbegun = submit(broken, prompt(1), 100);
    broken.crash();
    time.advance(Duration.ZERO);
    assertThat(kind(heard)).isEqualTo(Kind.INTERNAL);
    assertThat(kind(unbegun)).isEqualTo(Kind.INTERNAL);
    assertThatThrownBy(() -> submit(broken, prompt(1), 1)).hasMessageContaining("broken");
    broken.recover();
    RecordingListener next = submit(broken, prompt(1), 2);
    time.advance(Duration.ofSeconds(1));
    assertThat(next.awaitEnd().ids()).hasSize(2);
  }

  @Test
  void breaksAfterAsManyTokensAsItIsTold() {
    SimulatedEngine breaking = load(Map.of("fail-after-tokens", "7", "tokens-per-step", "4"));
    RecordingListener one = submit(breaking, prompt(1), 100);
    RecordingListener other = submit(breaking, prompt(1), 100);
    time.advance(Duration.ofSeconds(1));
    assertThat(one.ids().length + other.ids().length).isEqualTo(7);
    assertThat(kind(one)).isEqualTo(Kind.INTERNAL);
    assertThat(kind(other)).isEqualTo(Kind.INTERNAL);
  }

  @Test
  void hangsAfterAsManyTokensAsItIsToldUntilItRecovers() {
    SimulatedEngine hanging = load(Map.of("hang-after-tokens", "5"));
    RecordingListener heard = submit(hanging, prompt(1), 10);
    time.advance(Duration.ofSeconds(100));
    assertThat(heard.ids()).hasSize(5);
    assertThat(heard.ended()).isFalse();
    hanging.recover();
    time.advance(Duration.ofSeconds(1));
    int[] expected = new SimulatedModel(0, 0.0005).answer(prompt(1), Sampling.GREEDY, 10);
    assertThat(heard.awaitEnd().ids()).isEqualTo(expected);
  }

  @Test
  void closesEvenWhenItHangs() {
    SimulatedEngine hanging = load(Map.of());
    RecordingListener heard = submit(hanging, prompt(1), 10);
    hanging.hang();
    hanging.close();
    assertThat(kind(heard)).isEqualTo(Kind.CLOSED);
  }

  @Test
  void slowsDown() {
    SimulatedEngine slow = load(Map.of("slow-factor", "3", "end-probability", "0"));
    RecordingListener heard = submit(slow, prompt(1), 1_000);
    time.advance(Duration.ofSeconds(3));
    assertThat(heard.ids().length).isBetween(48, 50);
    slow.slowDown(0.5);
    time.advance(Duration.ofSeconds(3));
    assertThat(heard.ids().length).isBetween(345, 350);
  }

  @Test
  void survivesAListenerThatThrows() {
    SimulatedEngine engineOfMany = load(Map.of("profile", "instant"));
    Thrower thrower = new Thrower();
    engineOfMany.submit(request(prompt(4), 10), thrower);
    RecordingListener heard = submit(engineOfMany, prompt(4), 10);
    time.advance(Duration.ZERO);
    assertThat(heard.awaitEnd().ids()).hasSize(10);
    assertThat(thrower.reason).isEqualTo(FinishReason.CANCELLED);
    assertThat(engineOfMany.stats().runningSequences()).isZero();
  }

  @Test
  void sharesItsTimeWithOtherEngines() {
    SimulatedEngine slow = load(Map.of());
    EngineSettings fast = settings(Map.of("profile", "gpu-h100", "end-probability", "0"));
    try (SimulatedEngine other = SimulatedEngine.load(fast, time)) {
      RecordingListener one = submit(slow, prompt(1), 100);
      RecordingListener two = submit(other, prompt(1), 2_000);
      time.advance(Duration.ofMillis(151));
      assertThat(one.ids()).hasSize(8);
      assertThat(two.ids().length).isBetween(99, 101);
    }
    assertThat(time.now()).isEqualTo(Duration.ofMillis(151));
  }

  @Test
  void takesAtLeastItsTimeOnTheClock() {
    // The first token comes with the prompt's end, then 19 steps of 1.51 ms.
    EngineSettings settings = settings(Map.of("profile", "gpu-h100", "end-probability", "0"));
    try (SimulatedEngine clocked = SimulatedEngine.load(settings, StepTime.real())) {
      long start = System.nanoTime();
      submit(clocked, prompt(1), 20).awaitEnd();
      assertThat(System.nanoTime() - start).isGreaterThan(19 * 1_510_000L);
    }
  }

  @Test
  void endsEverySequenceOnceHoweverManyThreadsSubmitAndCancel() throws InterruptedException {
    SimulatedEngine shared =
        SimulatedEngine.load(settings(Map.of("profile", "instant")), StepTime.real());
    Queue<RecordingListener> all = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      long firstId = 1_000L * t;
      threads.add(Thread.ofPlatform().start(() -> submitAndCancel(shared, firstId, all)));
    }
    for (Thread thread : threads) {
      assertThat(thread.join(Duration.ofSeconds(60))).isTrue();
    }
    assertThat(all).hasSize(4 * 300);
    assertThat(shared.stats().runningSequences()).isZero();
    shared.close();
  }

  @Test
  void namesItselfSimulated() {
    SimulatedEngine named = load(Map.of());
    assertThat(named.capabilities().simulated()).isTrue();
    assertThat(named.capabilities().engine()).isEqualTo("simulated");
    assertThat(named.capabilities().device()).isEqualTo("simulated cpu-2core");
  }

  /**
   * Runs 300 sequences one after the other, each in the place of the one before; cancels a third.
   */
  private static void submitAndCancel(
      SimulatedEngine to, long firstId, Queue<RecordingListener> all) {
    for (long id = firstId; id < firstId + 300; id++) {
      SequenceId name = new SequenceId(id);
      RecordingListener heard = new RecordingListener();
      to.submit(
          new SequenceRequest(name, prompt(40), 0, 50, Integer.MAX_VALUE, Sampling.GREEDY), heard);
      if (id % 3 == 0) {
        to.cancel(name);
      }
      all.add(heard.awaitEnd());
    }
  }

  private static @Nullable Kind kind(RecordingListener heard) {
    EngineException failure = heard.awaitEnd().failure();
    return failure == null ? null : failure.kind();
  }

  private SimulatedEngine load(Map<String, String> options) {
    Map<String, String> all = new HashMap<>(Map.of("profile", "cpu-2core"));
    all.putAll(options);
    SimulatedEngine loaded = SimulatedEngine.load(settings(all), time);
    engine = loaded;
    return loaded;
  }

  private static EngineSettings settings(Map<String, String> options) {
    return new EngineSettings(4096, 4, 0, 0, KvType.F16, FlashAttention.AUTO, false, options);
  }

  private RecordingListener submit(SimulatedEngine to, int[] prompt, int maxTokens) {
    RecordingListener heard = new RecordingListener();
    to.submit(request(prompt, maxTokens), heard);
    return heard;
  }

  private SequenceRequest request(int[] prompt, int maxTokens) {
    return new SequenceRequest(
        new SequenceId(++lastId), prompt, 0, maxTokens, Integer.MAX_VALUE, Sampling.GREEDY);
  }

  private static int[] prompt(int length) {
    return IntStream.range(0, length).map(i -> 97 + i % 26).toArray();
  }

  private static final class Thrower implements SequenceListener {
    private @Nullable FinishReason reason;

    @Override
    public void onStarted(int cachedTokens) {}

    @Override
    public void onTokens(int firstIndex, int[] ids, TokenLogprobs @Nullable [] logprobs) {
      throw new IllegalStateException("this listener throws on purpose");
    }

    @Override
    public void onFinished(FinishReason why) {
      reason = why;
    }

    @Override
    public void onFailed(EngineException failure) {}
  }
}
