package io.sampo.engines.llamacpp;

import static io.sampo.engines.llamacpp.TestEngines.NEVER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.TokenLogprobs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Prefix sharing on a real, small model: what is computed, and that answers stay what they were.
 */
class SharedPrefixTest {

  /** A little batch, so that a prompt takes several steps. */
  private static final Map<String, String> SMALL_STEPS = Map.of("batch-tokens", "16");

  @TempDir private static Path folder;
  private static Path model = Path.of("");
  @RegisterExtension final TestEngines engines = new TestEngines(TestEngines.greedy(2));

  @BeforeAll
  static void write() throws IOException {
    model = TestModels.tiny(folder);
  }

  private Engine engine(int sequences, Map<String, String> options) {
    return engines.load(
        model,
        new EngineSettings(256, sequences, 1, 0, KvType.F16, FlashAttention.AUTO, false, options));
  }

  /** A text that begins with the begin token; texts of other seeds have nothing else in common. */
  private static int[] text(int length, long seed) {
    Random random = new Random(seed);
    return IntStream.range(0, length)
        .map(i -> i == 0 ? 1 : 260 + (int) ((seed * 50 + random.nextInt(50)) % 250))
        .toArray();
  }

  private static int[] join(int[] first, int[] second) {
    return IntStream.concat(IntStream.of(first), IntStream.of(second)).toArray();
  }

  private static int[] tail(int length, long seed) {
    return IntStream.of(text(length + 1, seed)).skip(1).toArray();
  }

  /**
   * What runs beside a sequence changes the rounding. So where two tokens are as good as equally
   * likely the answers may part, and what follows is not to be compared.
   */
  private static void assertSame(Recorder heard, Recorder alone) {
    assertThat(heard.tokens()).hasSameSizeAs(alone.tokens());
    for (int i = 0; i < heard.tokens().size(); i++) {
      TokenLogprobs expected = alone.logprobs().get(i);
      assertThat(heard.logprobs().get(i).chosen()).isCloseTo(expected.chosen(), within(0.01f));
      assertThat(expected.topIds()).contains(heard.tokens().get(i));
      if (!heard.tokens().get(i).equals(alone.tokens().get(i))) {
        return;
      }
    }
  }

  private static long computed(Engine engine) {
    EngineStats stats = engine.stats();
    return stats.promptTokens() - stats.cachedTokens();
  }

  @Test
  void answersAsAloneAndComputesASharedBeginningOnce() throws InterruptedException {
    int[] system = text(150, 1);
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      prompts.add(join(system, tail(10, 10 + i)));
    }
    List<Recorder> alone = new ArrayList<>();
    for (int[] prompt : prompts) {
      alone.add(engines.run(engine(1, Map.of()), prompt, 20));
    }
    Engine shared = engine(6, SMALL_STEPS);
    List<Recorder> together = new ArrayList<>();
    for (int[] prompt : prompts) {
      Recorder heard = new Recorder(0);
      engines.submit(shared, prompt, 20, NEVER, heard);
      together.add(heard);
    }
    for (int i = 0; i < prompts.size(); i++) {
      assertSame(together.get(i).awaitEnd(), alone.get(i));
    }
    assertThat(computed(shared)).isEqualTo(150 + 6 * 10);
  }

  /**
   * An answer may end before the last one is asked for, so its beginning must be retained. What the
   * answers share is a multiple of a step's tokens: they would not wait for a few that are missing.
   */
  @Test
  void computesTheSamePromptOfSeveralAnswersOnce() throws InterruptedException {
    Engine engine = engine(8, Map.of("batch-tokens", "16", "retain-tokens", "2048"));
    List<Recorder> all = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Recorder heard = new Recorder(0);
      engines.submit(engine, text(113, 1), 10, NEVER, heard);
      all.add(heard);
    }
    for (Recorder heard : all) {
      assertSame(heard.awaitEnd(), all.getFirst());
    }
    assertThat(computed(engine)).isEqualTo(113 + 7);
  }

  @Test
  void goesOnWhenTheLeaderIsCancelledWhileItComputes() throws InterruptedException {
    int[] prompt = join(text(180, 1), tail(20, 2));
    Recorder alone = engines.run(engine(1, Map.of()), prompt, 12);
    Engine engine = engine(3, SMALL_STEPS);
    Recorder leader = new Recorder(0);
    Recorder first = new Recorder(0);
    Recorder second = new Recorder(0);
    SequenceId leading = engines.submit(engine, text(220, 1), NEVER, NEVER, leader);
    engines.submit(engine, prompt, 12, NEVER, first);
    engines.submit(engine, prompt, 12, NEVER, second);
    engine.cancel(leading);
    assertThat(leader.awaitEnd().finish()).isEqualTo(FinishReason.CANCELLED);
    assertSame(first.awaitEnd(), alone);
    assertSame(second.awaitEnd(), alone);
    assertThat(engine.stats().waitingSequences()).isZero();
  }

  @Test
  void endsAFollowerThatIsCancelledBeforeItBegins() throws InterruptedException {
    Engine engine = engine(2, SMALL_STEPS);
    Recorder leader = new Recorder(0);
    Recorder follower = new Recorder(0);
    engines.submit(engine, text(240, 1), 4, NEVER, leader);
    engine.cancel(engines.submit(engine, join(text(230, 1), tail(5, 2)), 4, NEVER, follower));
    assertThat(follower.awaitEnd().finish()).isEqualTo(FinishReason.CANCELLED);
    assertThat(leader.awaitEnd().tokens()).hasSize(4);
    assertThat(engine.stats().runningSequences()).isZero();
    assertThat(engines.run(engine, text(240, 1), 4).tokens()).isEqualTo(leader.tokens());
  }

  @Test
  void computesOfAConversationOnlyWhatIsNewWhileOthersComeBetween() throws InterruptedException {
    Engine engine = engine(4, Map.of());
    List<int[]> talks = new ArrayList<>(List.of(text(20, 1), text(20, 2), text(20, 3)));
    long least = 0;
    for (int turn = 0; turn < 32; turn++) {
      for (int i = 0; i < talks.size(); i++) {
        int[] prompt = join(talks.get(i), tail(3, 100L + turn * 3L + i));
        List<Integer> answer = engines.run(engine, prompt, 4).tokens();
        least += turn == 0 ? prompt.length : 1 + 3;
        int[] said = answer.stream().mapToInt(Integer::intValue).toArray();
        talks.set(i, join(prompt, said));
      }
    }
    assertThat(computed(engine)).isBetween(least - 2, (long) (least * 1.02));
  }

  @Test
  void answersAsAloneUnderPressure() throws InterruptedException {
    Engine engine = engine(3, Map.of("retain-tokens", "300", "batch-tokens", "32"));
    Random random = new Random(7);
    for (int round = 0; round < 12; round++) {
      List<int[]> prompts = new ArrayList<>();
      List<Recorder> heard = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        int[] base = text(60 + random.nextInt(120), 1 + random.nextInt(4));
        prompts.add(join(base, tail(1 + random.nextInt(20), 50 + random.nextInt(50))));
        heard.add(new Recorder(0));
        engines.submit(engine, prompts.get(i), 8, NEVER, heard.get(i));
      }
      for (int i = 0; i < 3; i++) {
        heard.get(i).awaitEnd();
      }
      try (Engine alone = engine(1, Map.of())) {
        assertSame(heard.get(round % 3), engines.run(alone, prompts.get(round % 3), 8));
      }
      assertThat(engine.stats().kvTokensUsed()).isLessThanOrEqualTo(300);
    }
  }

  @Test
  void keepsNothingOfWhatHasEndedWhenNothingIsToBeRetained() throws InterruptedException {
    Engine engine = engine(2, Map.of("retain-tokens", "0"));
    engines.run(engine, text(100, 1), 4);
    assertThat(engine.stats().kvTokensUsed()).isZero();
    assertThat(engines.run(engine, text(100, 1), 4).cachedTokens()).isZero();
  }
}
