package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.Grammar;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceRequest;
import io.sampo.engines.spi.TokenLogprobs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
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

/** An answer with guesses is the answer without, in fewer steps where guesses are right. */
@TestInstance(Lifecycle.PER_CLASS)
class SpeculativeAnswerTest {

  private static final int NO_LIMIT = Integer.MAX_VALUE;
  private static final int END = 2;

  private Path model = Path.of("");
  private Engine plain;
  private Engine guessing;
  private long ids;

  @BeforeAll
  void load(@TempDir Path folder) throws IOException {
    model = TestModels.tiny(folder);
    plain = load(Map.of(), false);
    guessing = load(Map.of("speculation", "ngram"), false);
  }

  @AfterAll
  void close() {
    plain.close();
    guessing.close();
  }

  private Engine load(Map<String, String> options, boolean deterministic) {
    return new LlamaCppProvider()
        .load(
            model,
            new EngineSettings(
                256, 3, 1, 0, KvType.F16, FlashAttention.AUTO, deterministic, options));
  }

  /** A text that repeats itself, so that there is always a guess. */
  private static int[] prompt(int period) {
    return IntStream.range(0, 60).map(i -> i == 0 ? 1 : 300 + i % period * 7).toArray();
  }

  private static Sampling sampling(
      float temperature, float penalty, long seed, float towardsEnd, @Nullable Grammar grammar) {
    return new Sampling(
        temperature,
        40,
        0.95f,
        0.02f,
        1f,
        penalty,
        64,
        0f,
        0f,
        seed,
        0,
        new int[] {END},
        new float[] {towardsEnd},
        false,
        2,
        grammar);
  }

  private static Sampling greedy() {
    return sampling(0, 1, 0, Float.NEGATIVE_INFINITY, null);
  }

  private SequenceId submit(
      Engine to, int[] prompt, int max, int limit, Sampling sampling, Recorder heard) {
    SequenceId id = new SequenceId(++ids);
    to.submit(new SequenceRequest(id, prompt, 0, max, limit, sampling), heard);
    return id;
  }

  private Recorder answer(Engine by, int[] prompt, int max, Sampling sampling)
      throws InterruptedException {
    Recorder heard = new Recorder(0);
    submit(by, prompt, max, NO_LIMIT, sampling, heard);
    return heard.awaitEnd();
  }

  private static void assertSame(Recorder heard, Recorder expected) {
    assertThat(heard.tokens()).isEqualTo(expected.tokens());
    assertThat(heard.finish()).isEqualTo(expected.finish());
    assertThat(heard.logprobs()).hasSameSizeAs(expected.logprobs());
    for (int i = 0; i < heard.logprobs().size(); i++) {
      TokenLogprobs one = heard.logprobs().get(i);
      TokenLogprobs other = expected.logprobs().get(i);
      assertThat(one.chosen()).isCloseTo(other.chosen(), within(0.02f));
      assertThat(one.topLogprobs()[0]).isCloseTo(other.topLogprobs()[0], within(0.02f));
    }
  }

  private void assertSame(int[] prompt, int max, Sampling sampling) throws InterruptedException {
    assertSame(answer(guessing, prompt, max, sampling), answer(plain, prompt, max, sampling));
  }

  @Test
  void givesTheGreedyTextInFewerSteps() throws InterruptedException {
    try (Engine counted =
        load(Map.of("speculation", "ngram", "draft-tokens", "4", "retain-tokens", "999"), false)) {
      Recorder heard = answer(counted, prompt(5), 150, greedy());
      assertSame(heard, answer(plain, prompt(5), 150, greedy()));
      var stats = counted.stats();
      assertThat(stats.generatedTokens()).isEqualTo(150);
      assertThat(stats.acceptedTokens()).isBetween(20L, stats.draftedTokens());
      assertThat(stats.steps() + stats.acceptedTokens()).isEqualTo(150);
      assertThat(stats.kvTokensUsed()).isEqualTo(60 + 149);
    }
  }

  @Test
  void endsWhereTheModelEnds() throws InterruptedException {
    List<@Nullable FinishReason> reasons = new ArrayList<>();
    for (int seed = 0; seed < 8; seed++) {
      Sampling ending = sampling(0.7f, 1, seed, 3f, null);
      assertSame(prompt(4), 120, ending);
      reasons.add(answer(guessing, prompt(4), 120, ending).finish());
    }
    assertThat(reasons).contains(FinishReason.STOP);
  }

  @Test
  void obeysAGrammarAsWithoutGuesses() throws InterruptedException {
    Grammar grammar = Grammar.strict("root ::= ( \"a\" \"b\" \"c\"? )+");
    for (int seed = 0; seed < 4; seed++) {
      assertSame(prompt(4), 60, sampling(0.6f, 1, seed, 0, grammar));
    }
  }

  @Test
  void keepsToEveryLimit() throws InterruptedException {
    for (int max = 1; max < 12; max++) {
      assertSame(prompt(5), max, greedy());
    }
    assertSame(prompt(5), NO_LIMIT, greedy());
    List<Integer> whole = answer(plain, prompt(5), 60, greedy()).tokens();
    Recorder paused = new Recorder(0);
    SequenceId id = submit(guessing, prompt(5), 60, 1, greedy(), paused);
    for (int limit = 1; limit <= 60; limit += 1 + limit % 7) {
      guessing.allow(id, limit);
      paused.awaitTokens(limit);
      assertThat(paused.tokens()).hasSize(limit);
    }
    guessing.allow(id, 60);
    assertThat(paused.awaitEnd().tokens()).isEqualTo(whole);
  }

  @Test
  void answersSeveralAtOnceAsEachAlone() throws InterruptedException {
    List<Recorder> heard = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      heard.add(new Recorder(0));
      submit(guessing, prompt(4 + i), 100, NO_LIMIT, greedy(), heard.get(i));
    }
    for (int i = 0; i < 3; i++) {
      assertSame(heard.get(i).awaitEnd(), answer(plain, prompt(4 + i), 100, greedy()));
    }
  }

  @Test
  void leavesNothingBehindWhenCancelledAmongGuesses() throws InterruptedException {
    try (Engine engine = load(Map.of("speculation", "ngram", "retain-tokens", "999"), false)) {
      SequenceId next = new SequenceId(ids + 1);
      Recorder several =
          new Recorder(0) {
            @Override
            public synchronized void onTokens(
                int index, int[] given, TokenLogprobs @Nullable [] logprobs) {
              super.onTokens(index, given, logprobs);
              if (given.length > 1) {
                engine.cancel(next);
              }
            }
          };
      submit(engine, prompt(5), NO_LIMIT, NO_LIMIT, greedy(), several);
      assertThat(several.awaitEnd().finish()).isEqualTo(FinishReason.CANCELLED);
      int told = several.tokens().size();
      assertThat(engine.stats().kvTokensUsed()).isEqualTo(60 + told - 1);
      Recorder again = answer(engine, prompt(5), 100, greedy());
      assertSame(again, answer(plain, prompt(5), 100, greedy()));
    }
  }

  @Test
  void keepsAListenerThatThrowsAmongGuessesFromBreakingOthers() throws InterruptedException {
    Recorder throwing =
        new Recorder(0) {
          @Override
          public synchronized void onTokens(
              int index, int[] given, TokenLogprobs @Nullable [] logprobs) {
            if (given.length > 1) {
              throw new IllegalStateException("a listener's mistake");
            }
            super.onTokens(index, given, logprobs);
          }
        };
    submit(guessing, prompt(5), NO_LIMIT, NO_LIMIT, greedy(), throwing);
    assertThat(throwing.awaitEnd().failure()).extracting(e -> e.kind()).isEqualTo(Kind.INTERNAL);
    assertSame(prompt(5), 40, greedy());
  }

  @Test
  void namesTheRuleThatAnOptionBreaks() {
    assertRefused(
        Map.of("speculation", "yes"), "speculation must be off, ngram or draft, is 'yes'");
    assertRefused(
        Map.of("speculation", "ngram", "draft-tokens", "17"),
        "draft-tokens must be 1 to 16, is '17'");
    assertThatThrownBy(() -> load(Map.of("speculation", "ngram"), true).close())
        .hasMessageContaining("leave out either it or the deterministic mode");
  }

  private void assertRefused(Map<String, String> options, String rule) {
    assertThatThrownBy(() -> load(options, false).close())
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID_REQUEST))
        .hasMessage(rule);
  }
}
