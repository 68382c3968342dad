package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sampo.engines.llamacpp.jni.NativeLibrary;
import io.sampo.engines.spi.Engine;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.EngineSettings.FlashAttention;
import io.sampo.engines.spi.EngineSettings.KvType;
import io.sampo.engines.spi.EngineStats;
import io.sampo.engines.spi.Grammar;
import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.SequenceId;
import io.sampo.engines.spi.SequenceRequest;
import io.sampo.engines.spi.TextCodec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** Stories told with guesses are the stories told without, for each way of guessing. */
@TestInstance(Lifecycle.PER_CLASS)
class SpeculativeStoryTest {

  private static final String LOOP =
      "The cat sat on the mat. The dog sat on the mat. The cat sat on the mat. The dog";
  private static final List<String> PROMPTS = List.of(LOOP, "Once upon a time, Lily said: " + LOOP);

  private Path model = Path.of("");
  private TextCodec codec;
  private Engine plain;
  private long ids;

  @BeforeAll
  void load() throws Exception {
    model = SmallModels.file("stories15m");
    codec = new LlamaCppProvider().openText(model);
    plain = load(Map.of());
  }

  @AfterAll
  void close() {
    plain.close();
    codec.close();
  }

  private Engine load(Map<String, String> options) {
    return new LlamaCppProvider()
        .load(
            model,
            new EngineSettings(256, 2, 1, 0, KvType.F16, FlashAttention.AUTO, false, options));
  }

  private static Sampling sampling(
      float temperature, float penalty, long seed, @Nullable Grammar grammar) {
    return new Sampling(
        temperature,
        40,
        0.95f,
        0.05f,
        1f,
        penalty,
        64,
        0f,
        0f,
        seed,
        0,
        new int[0],
        new float[0],
        false,
        0,
        grammar);
  }

  private Recorder begin(Engine by, String prompt, Sampling sampling) {
    Recorder heard = new Recorder(0);
    int[] tokens = codec.tokenize(prompt, true, false);
    by.submit(
        new SequenceRequest(new SequenceId(++ids), tokens, 0, 60, Integer.MAX_VALUE, sampling),
        heard);
    return heard;
  }

  private void tellsTheSame(Engine guessing) throws InterruptedException {
    List<Sampling> ways = new ArrayList<>();
    ways.add(sampling(0, 1, 0, null));
    ways.add(sampling(0, 1.2f, 0, null));
    for (int seed = 1; seed < 4; seed++) {
      ways.add(sampling(0.8f, 1, seed, null));
    }
    ways.add(sampling(0.8f, 1.1f, 7, Grammar.strict("root ::= ( \" \"? [a-m]+ )+ \".\"")));
    int same = 0;
    int told = 0;
    for (Sampling way : ways) {
      List<Recorder> together = PROMPTS.stream().map(p -> begin(guessing, p, way)).toList();
      for (int i = 0; i < together.size(); i++) {
        Recorder expected = begin(plain, PROMPTS.get(i), way).awaitEnd();
        same += sameTokens(together.get(i).awaitEnd(), expected);
        told += expected.tokens().size();
      }
    }
    assertThat(same).isGreaterThan(told * 3 / 4);
    EngineStats stats = guessing.stats();
    assertThat(stats.acceptedTokens()).isBetween(1L, stats.draftedTokens());
  }

  /**
   * How many tokens two answers have in common. They may part where rounding decides between two
   * tokens, as they do when other requests run beside them; up to there they are as likely.
   */
  private static int sameTokens(Recorder heard, Recorder expected) {
    int length = Math.min(heard.tokens().size(), expected.tokens().size());
    for (int i = 0; i < length; i++) {
      if (!heard.tokens().get(i).equals(expected.tokens().get(i))) {
        return i;
      }
      assertThat(heard.logprobs().get(i).chosen())
          .isCloseTo(expected.logprobs().get(i).chosen(), within(0.03f));
    }
    assertThat(heard.finish()).isEqualTo(expected.finish());
    return length;
  }

  @Test
  void fromAModelThatIsTheSame() throws InterruptedException {
    try (Engine guessing = load(draft(model))) {
      tellsTheSame(guessing);
      EngineStats stats = guessing.stats();
      assertThat(stats.acceptedTokens()).isGreaterThan(stats.draftedTokens() / 2);
    }
  }

  @Test
  void fromAModelThatIsWorse(@TempDir Path folder) throws InterruptedException {
    Path small = folder.resolve("q4.gguf");
    NativeLibrary.quantize(model, small, "Q4_0", 1);
    try (Engine guessing = load(draft(small))) {
      tellsTheSame(guessing);
    }
  }

  @Test
  void notFromAModelOfAnotherVocabulary(@TempDir Path folder) throws Exception {
    Path other = TestModels.tiny(folder);
    assertThatThrownBy(() -> load(draft(other)).close())
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.kind()).isEqualTo(Kind.MODEL_REJECTED))
        .hasMessage(
            other
                + ": its vocabulary has 512 tokens and that of the model it is to guess for has"
                + " 32000; draft with a smaller model of the same family");
    assertThatThrownBy(() -> load(draft(folder.resolve("none.gguf"))).close())
        .hasMessageContaining("there is no such file");
    assertThatThrownBy(() -> load(Map.of("speculation", "draft")).close())
        .hasMessageContaining("give both or neither");
  }

  @Test
  void notWithAModelWhoseStateCannotBeCut() throws Exception {
    Path mamba = SmallModels.file("mamba-tinystories-0.6M-f32");
    EngineSettings guessing =
        new EngineSettings(
            256, 1, 1, 0, KvType.F16, FlashAttention.AUTO, false, Map.of("speculation", "ngram"));
    assertThatThrownBy(() -> new LlamaCppProvider().load(mamba, guessing).close())
        .hasMessageContaining("cannot be cut, which speculation needs; serve it without");
  }

  private static Map<String, String> draft(Path model) {
    return Map.of("speculation", "draft", "draft-model", model.toString());
  }

  @Test
  void fromItsOwnWords() throws InterruptedException {
    try (Engine guessing = load(Map.of("speculation", "ngram"))) {
      tellsTheSame(guessing);
    }
  }
}
