package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceRequest;
import io.sampo.engines.spi.TokenLogprobs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(Lifecycle.PER_CLASS)
class LlamaCppEngineTest {

  private static final int NO_LIMIT = Integer.MAX_VALUE;

  private final LlamaCppProvider provider = new LlamaCppProvider();
  private Path model;
  private Engine engine;
  private long ids;

  @BeforeAll
  void load(@TempDir Path folder) throws IOException {
    model = TestModels.tiny(folder);
    engine = provider.load(model, settings(3, false));
  }

  @AfterAll
  void close() {
    engine.close();
  }

  private static EngineSettings settings(int sequences, boolean deterministic) {
    return new EngineSettings(
        256, sequences, 1, 0, KvType.F16, FlashAttention.AUTO, deterministic, Map.of());
  }

  private static int[] prompt(int length) {
    return IntStream.range(0, length).map(i -> i == 0 ? 1 : 300 + i * 7 % 200).toArray();
  }

  private static Sampling sampled(long seed) {
    return new Sampling(
        0.9f,
        50,
        0.95f,
        0.01f,
        1f,
        1.1f,
        32,
        0f,
        0f,
        seed,
        0,
        new int[0],
        new float[0],
        true,
        -1,
        null);
  }

  private static Sampling greedy(int[] biased, float[] shifts, boolean ignoreEnd, int logprobs) {
    return new Sampling(
        0f, 0, 1f, 0f, 1f, 1f, 0, 0f, 0f, 0, 0, biased, shifts, ignoreEnd, logprobs, null);
  }

  private static Sampling endless() {
    return greedy(new int[0], new float[0], true, -1);
  }

  private SequenceId submit(
      Engine to, int[] prompt, int first, int max, int limit, Sampling sampling, Recorder heard) {
    SequenceId id = new SequenceId(++ids);
    to.submit(new SequenceRequest(id, prompt, first, max, limit, sampling), heard);
    return id;
  }

  private Recorder generate(Engine by, int[] prompt, int first, int max, Sampling sampling)
      throws InterruptedException {
    Recorder heard = new Recorder(first);
    submit(by, prompt, first, max, NO_LIMIT, sampling, heard);
    return heard.awaitEnd();
  }

  private Recorder generate(int[] prompt, int max, Sampling sampling) throws InterruptedException {
    return generate(engine, prompt, 0, max, sampling);
  }

  @Test
  void givesTheSameGreedyTextWithPauses() throws InterruptedException {
    List<Integer> alone = generate(prompt(20), 24, endless()).tokens();
    Recorder paused = new Recorder(0);
    SequenceId id = submit(engine, prompt(20), 0, 24, 0, endless(), paused);
    for (int limit = 5; limit <= 25; limit += 5) {
      engine.allow(id, limit);
      engine.allow(id, limit - 3);
      paused.awaitTokens(Math.min(limit, 24));
      assertThat(paused.tokens()).hasSize(Math.min(limit, 24));
    }
    assertThat(paused.awaitEnd().tokens()).isEqualTo(alone).hasSize(24);
    assertThat(paused.finish()).isEqualTo(FinishReason.LENGTH);
  }

  @Test
  void endsManySequencesOnceEach() throws InterruptedException {
    List<Recorder> all = new ArrayList<>();
    for (int round = 0; round < 4; round++) {
      List<Recorder> batch = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Recorder heard = new Recorder(0);
        submit(engine, prompt(10 + 17 * i), 0, 5 + i, NO_LIMIT, endless(), heard);
        batch.add(heard);
      }
      for (Recorder each : batch) {
        each.awaitEnd();
      }
      all.addAll(batch);
    }
    for (int i = 0; i < all.size(); i++) {
      assertThat(all.get(i).finish()).isEqualTo(FinishReason.LENGTH);
      assertThat(all.get(i).tokens()).hasSize(5 + i % 3);
    }
    assertThat(engine.stats().runningSequences()).isZero();
  }

  @Test
  void refusesOneMoreThanItsSequencesAndFreesTheSlotOfACancelledOne() throws InterruptedException {
    Recorder first = new Recorder(0);
    Recorder second = new Recorder(0);
    try (Engine small = provider.load(model, settings(2, false))) {
      SequenceId held = submit(small, prompt(5), 0, NO_LIMIT, 1, endless(), first);
      submit(small, prompt(9), 0, NO_LIMIT, 1, endless(), second);
      assertThatThrownBy(() -> generate(small, prompt(4), 0, 2, endless()))
          .isInstanceOfSatisfying(
              EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.FULL));
      small.cancel(held);
      assertThat(first.awaitEnd().finish()).isEqualTo(FinishReason.CANCELLED);
      assertThat(generate(small, prompt(4), 0, 2, endless()).tokens()).hasSize(2);
      small.cancel(new SequenceId(-1));
      small.allow(held, 99);
    }
    assertThat(second.awaitEnd().failure()).extracting(e -> e.kind()).isEqualTo(Kind.CLOSED);
  }

  @Test
  void repeatsASeededTextAndContinuesItInTheMiddle() throws InterruptedException {
    List<Integer> whole = generate(prompt(12), 20, sampled(7)).tokens();
    assertThat(generate(prompt(12), 20, sampled(7)).tokens()).isEqualTo(whole);
    assertThat(generate(prompt(12), 20, sampled(8)).tokens()).isNotEqualTo(whole);
    assertThat(generate(prompt(12), 20, sampled(7).withChoice(1)).tokens()).isNotEqualTo(whole);
    int[] continued =
        IntStream.concat(
                IntStream.of(prompt(12)), whole.subList(0, 8).stream().mapToInt(Integer::intValue))
            .toArray();
    assertThat(generate(engine, continued, 8, 20, sampled(7)).tokens())
        .isEqualTo(whole.subList(8, 20));
  }

  @Test
  void forcesAndBansByLogitBias() throws InterruptedException {
    Sampling forced = greedy(new int[] {333}, new float[] {100}, false, -1);
    assertThat(generate(prompt(6), 4, forced).tokens()).containsOnly(333);
    int likeliest = generate(prompt(6), 1, endless()).tokens().getFirst();
    Sampling banned =
        greedy(new int[] {likeliest}, new float[] {Float.NEGATIVE_INFINITY}, true, -1);
    assertThat(generate(prompt(6), 8, banned).tokens()).doesNotContain(likeliest);
  }

  @Test
  void stopsAtTheModelsOwnEnd() throws InterruptedException {
    Sampling ending = greedy(new int[] {2}, new float[] {100}, false, -1);
    Recorder heard = generate(prompt(6), 9, ending);
    assertThat(heard.tokens()).isEmpty();
    assertThat(heard.finish()).isEqualTo(FinishReason.STOP);
    Sampling ignoring = greedy(new int[] {2}, new float[] {100}, true, -1);
    assertThat(generate(prompt(6), 9, ignoring).tokens()).hasSize(9).doesNotContain(2);
  }

  @Test
  void failsOnlyTheSequenceForWhichEveryTokenIsForbidden() throws InterruptedException {
    int[] every = IntStream.range(0, 512).toArray();
    float[] never = new float[512];
    Arrays.fill(never, Float.NEGATIVE_INFINITY);
    Recorder heard = generate(prompt(6), 3, greedy(every, never, false, -1));
    assertThat(heard.failure()).hasMessage("no token was possible");
    assertThat(generate(prompt(6), 3, endless()).tokens()).hasSize(3);
  }

  @Test
  void reportsLogprobsOfTheModelsOwnDistribution() throws InterruptedException {
    Sampling forced = greedy(new int[] {333}, new float[] {100}, true, 20);
    Recorder heard = generate(prompt(6), 3, forced);
    assertThat(heard.logprobs()).hasSize(3);
    heard
        .logprobs()
        .forEach(
            at -> {
              double sum = 0;
              for (float logprob : at.topLogprobs()) {
                sum += Math.exp(logprob);
              }
              assertThat(sum).isBetween(0.0, 1.0001);
              assertThat(at.chosen()).isLessThanOrEqualTo(at.topLogprobs()[0]);
              assertThat(at.topLogprobs()).isSortedAccordingTo((a, b) -> Float.compare(b, a));
            });
    Recorder free = generate(prompt(6), 3, greedy(new int[0], new float[0], true, 1));
    for (int i = 0; i < 3; i++) {
      assertThat(free.logprobs().get(i).topIds()).containsExactly(free.tokens().get(i));
      assertThat(free.logprobs().get(i).chosen())
          .isEqualTo(free.logprobs().get(i).topLogprobs()[0]);
    }
  }

  @Test
  void endsAtTheContextsEnd() throws InterruptedException {
    Recorder heard = generate(prompt(250), NO_LIMIT, endless());
    assertThat(heard.finish()).isEqualTo(FinishReason.LENGTH);
    assertThat(heard.tokens()).hasSize(6);
  }

  @Test
  void refusesWhatBreaksARule() {
    assertRefused(prompt(256), endless(), "the prompt of 256 tokens leaves no room");
    assertRefused(new int[0], endless(), "the prompt is empty");
    assertRefused(new int[] {1, -1}, endless(), "token -1 is outside the vocabulary of 512");
    assertRefused(new int[] {512}, endless(), "token 512 is outside the vocabulary");
    assertRefused(
        prompt(3), greedy(new int[] {512}, new float[1], true, -1), "token 512 is outside");
    assertRefused(prompt(3), greedy(new int[0], new float[0], true, 21), "topLogprobs");
    assertRefused(
        prompt(3), greedy(new int[] {3}, new float[] {Float.NaN}, true, -1), "logit bias");
  }

  private void assertRefused(int[] prompt, Sampling sampling, String message) {
    assertThatThrownBy(() -> generate(prompt, 2, sampling))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID_REQUEST))
        .hasMessageContaining(message);
  }

  @Test
  void reusesTheLongestCommonBeginningAndAlwaysComputesTheLastToken() throws InterruptedException {
    try (Engine fresh = provider.load(model, settings(2, false))) {
      Recorder first = generate(fresh, prompt(100), 0, 4, endless());
      Recorder same = generate(fresh, prompt(100), 0, 4, endless());
      assertThat(first.cachedTokens()).isZero();
      assertThat(same.cachedTokens()).isEqualTo(99);
      assertThat(same.tokens()).isEqualTo(first.tokens());
      assertThat(generate(fresh, prompt(60), 0, 1, endless()).cachedTokens()).isEqualTo(59);
      EngineStats stats = fresh.stats();
      assertThat(stats.promptTokens()).isEqualTo(260);
      assertThat(stats.cachedTokens()).isEqualTo(158);
      assertThat(stats.generatedTokens()).isEqualTo(9);
      assertThat(stats.kvTokensUsed()).isEqualTo(103);
      assertThat(stats.kvTokensTotal()).isEqualTo(512);
    }
  }

  @Test
  void givesTheSameTextBesideOthersInTheDeterministicMode() throws InterruptedException {
    try (Engine one = provider.load(model, settings(3, true))) {
      List<Integer> alone = generate(one, prompt(30), 0, 40, sampled(3)).tokens();
      Recorder other = new Recorder(0);
      Recorder heard = new Recorder(0);
      SequenceId paused = submit(one, prompt(70), 0, NO_LIMIT, 10, sampled(4), other);
      other.awaitTokens(10);
      submit(one, prompt(30), 0, 40, NO_LIMIT, sampled(3), heard);
      one.allow(paused, 60);
      assertThat(heard.awaitEnd().tokens()).isEqualTo(alone);
      assertThat(heard.cachedTokens()).isZero();
      one.cancel(paused);
      other.awaitEnd();
    }
  }

  @Test
  void keepsAListenerThatThrowsFromBreakingOthers() throws InterruptedException {
    Recorder throwing =
        new Recorder(0) {
          @Override
          public synchronized void onTokens(
              int index, int[] ids, TokenLogprobs @Nullable [] given) {
            throw new IllegalStateException("a listener's mistake");
          }
        };
    submit(engine, prompt(8), 0, 9, NO_LIMIT, endless(), throwing);
    assertThat(generate(prompt(9), 5, endless()).tokens()).hasSize(5);
    assertThat(throwing.awaitEnd().failure()).extracting(e -> e.kind()).isEqualTo(Kind.INTERNAL);
  }

  @Test
  void refusesWorkAfterClose() {
    Engine closed = provider.load(model, settings(1, false));
    closed.close();
    closed.close();
    assertThatThrownBy(() -> generate(closed, prompt(3), 0, 1, endless()))
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CLOSED));
  }
}
