package io.sampo.engines.llamacpp;

import static io.sampo.engines.llamacpp.TestEngines.NEVER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * A sequence that gives way to a more urgent one, on a real, small model: its tokens come later and
 * are the same. A limit holds it where it is to be preempted.
 */
@Timeout(60)
class PreemptionTest {

  private static final int CONTEXT = 256;
  private static final int LATER = 5;
  private static final int URGENT = -5;

  @TempDir private static Path folder;
  private static Path model = Path.of("");
  @RegisterExtension final TestEngines engines = new TestEngines(sampling(0));

  @BeforeAll
  static void write() throws IOException {
    model = TestModels.tiny(folder);
  }

  private Engine engine(int sequences, boolean deterministic) {
    EngineSettings settings =
        new EngineSettings(
            CONTEXT,
            sequences,
            1,
            0,
            KvType.F16,
            FlashAttention.AUTO,
            deterministic,
            Map.of("retain-tokens", "0"));
    return engines.load(model, settings);
  }

  /** Greedy at 0; with penalties, which look back on what was chosen before the pause. */
  private static Sampling sampling(float temperature) {
    return new Sampling(
        temperature,
        0,
        1f,
        0f,
        1f,
        1.2f,
        16,
        0f,
        0f,
        42,
        0,
        new int[0],
        new float[0],
        true,
        -1,
        null);
  }

  private static int[] prompt(int length, int salt) {
    return IntStream.range(0, length).map(i -> i == 0 ? 1 : 260 + (i * salt) % 250).toArray();
  }

  @Test
  void goesOnWithTheSameTokensWhetherItsCellsWereKeptOrTaken() throws InterruptedException {
    for (float temperature : List.of(0f, 1f)) {
      Sampling sampling = sampling(temperature);
      List<Integer> alone = engines.run(engine(1, false), prompt(30, 7), 40, sampling, 0).tokens();
      for (int urgentLength : List.of(20, CONTEXT - 10)) {
        Engine engine = engine(1, false);
        Recorder heard = new Recorder(0);
        SequenceId paused = engines.submit(engine, prompt(30, 7), 40, 12, sampling, LATER, heard);
        heard.awaitTokens(12);
        engines.run(engine, prompt(urgentLength, 11), 4, sampling, URGENT);
        engine.allow(paused, NEVER);
        assertThat(heard.awaitEnd().tokens()).isEqualTo(alone);
        assertThat(engine.stats().preemptions()).isEqualTo(1);
        assertThat(engine.stats().runningSequences()).isZero();
        assertThat(engine.stats().kvTokensUsed()).isZero();
      }
    }
  }

  @Test
  void takesBeyondItsPlacesOnlyWhatIsMoreUrgentAndOnlyAsManyAgain() throws InterruptedException {
    Engine engine = engine(2, false);
    List<Recorder> all = new ArrayList<>();
    for (int priority : List.of(LATER, LATER, URGENT, URGENT)) {
      Recorder heard = new Recorder(0);
      engines.submit(engine, prompt(10, 3), 20, 0, sampling(0), priority, heard);
      all.add(heard);
    }
    for (int priority : List.of(LATER, URGENT, URGENT - 1)) {
      assertThatExceptionOfType(EngineException.class)
          .isThrownBy(() -> engines.run(engine, prompt(5, 3), 1, sampling(0), priority))
          .matches(refusal -> refusal.kind() == Kind.FULL);
    }
    engine.close();
    for (Recorder heard : all) {
      assertThat(heard.awaitEnd().failure()).isNotNull();
    }
  }

  @Test
  void endsAPausedSequenceThatIsCancelled() throws InterruptedException {
    Engine engine = engine(1, false);
    Recorder paused = new Recorder(0);
    Recorder urgent = new Recorder(0);
    SequenceId cancelled = engines.submit(engine, prompt(30, 7), 40, 5, sampling(0), LATER, paused);
    paused.awaitTokens(5);
    SequenceId other = engines.submit(engine, prompt(20, 3), 40, 5, sampling(0), URGENT, urgent);
    urgent.awaitTokens(5);
    assertThat(engine.stats().waitingSequences()).isEqualTo(1);
    engine.cancel(cancelled);
    assertThat(paused.awaitEnd().finish()).isEqualTo(FinishReason.CANCELLED);
    assertThat(paused.tokens()).hasSize(5);
    engine.allow(other, NEVER);
    assertThat(urgent.awaitEnd().tokens()).hasSize(40);
  }

  @Test
  void letsNobodyGiveWayInTheDeterministicMode() throws InterruptedException {
    Engine engine = engine(1, true);
    Recorder first = new Recorder(0);
    engines.submit(engine, prompt(10, 3), 20, 0, sampling(0), LATER, first);
    assertThat(engine.capabilities().preempts()).isFalse();
    assertThatExceptionOfType(EngineException.class)
        .isThrownBy(() -> engines.run(engine, prompt(5, 3), 1, sampling(0), URGENT))
        .matches(refusal -> refusal.kind() == Kind.FULL);
  }
}
