package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.engines.spi.FinishReason;
import io.sampo.engines.spi.SequenceId;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

/** Greedy texts of small models of several kinds are the ones that llama-server writes. */
class GreedyTextTest {

  private static final String DENSE = "stories15m";
  private static final String LORA = "stories15M-moby-lora-f32";
  private static final String EXPERTS = "stories15M-moe4x2-same-q8_0";
  private static final String RECURRENT = "mamba-tinystories-0.6M-f32";
  private static final int TOKENS = 64;

  /** What llama-server wrote, alone and without its cache. */
  record Greedy(String model, String prompt, String text) {

    @Nullable String adapter() {
      return model.equals(LORA) ? "moby" : null;
    }
  }

  private static List<Greedy> recorded() throws Exception {
    try (InputStream in = GreedyTextTest.class.getResourceAsStream("greedy.json")) {
      return List.of(new JsonMapper().readValue(Objects.requireNonNull(in), Greedy[].class));
    }
  }

  private static List<Greedy> recorded(String model) throws Exception {
    return recorded().stream().filter(one -> one.model().equals(model)).toList();
  }

  static Stream<String> models() throws Exception {
    return recorded().stream().map(Greedy::model).distinct();
  }

  private static Teller open(String model, int sequences, boolean deterministic) throws Exception {
    Teller teller =
        new Teller(SmallModels.file(model.equals(LORA) ? DENSE : model), sequences, deterministic);
    if (model.equals(LORA)) {
      teller.load("moby", SmallModels.file(LORA), 1);
    }
    return teller;
  }

  @ParameterizedTest
  @MethodSource("models")
  void isTheOneOfLlamaServer(String model) throws Exception {
    SmallModels.file(model);
    try (Teller teller = open(model, 1, true)) {
      for (Greedy one : recorded(model)) {
        assertThat(teller.text(teller.tell(one.prompt(), TOKENS, one.adapter())))
            .isEqualTo(one.text());
      }
    }
  }

  /**
   * All its experts are the dense model's only one. Its numbers are coarser, so a choice between
   * two likely tokens may turn some way into a text.
   */
  @Test
  void ofEqualExpertsIsTheDenseModels() throws Exception {
    SmallModels.file(EXPERTS);
    List<Greedy> dense = recorded(DENSE).subList(0, recorded(EXPERTS).size());
    try (Teller teller = open(EXPERTS, 1, true)) {
      for (Greedy one : dense) {
        assertThat(teller.text(teller.tell(one.prompt(), TOKENS, null)))
            .startsWith(one.text().substring(0, 80));
      }
      assertThat(teller.text(teller.tell(dense.getFirst().prompt(), TOKENS, null)))
          .isEqualTo(dense.getFirst().text());
    }
  }

  /** Streams of the model and of its adapter run at once, each with the text it has alone. */
  @Test
  void withAndWithoutAnAdapterAtOnceIsThatOfEachAlone() throws Exception {
    SmallModels.file(LORA);
    List<Greedy> wanted =
        recorded().stream()
            .filter(one -> one.model().equals(LORA) || one.model().equals(DENSE))
            .toList();
    try (Teller teller = open(LORA, wanted.size(), false)) {
      for (int round = 0; round < 2; round++) {
        List<Recorder> heard = new ArrayList<>();
        for (Greedy one : wanted) {
          heard.add(new Recorder(0));
          teller.begin(teller.tokens(one.prompt()), TOKENS, one.adapter(), heard.getLast());
        }
        for (int i = 0; i < wanted.size(); i++) {
          assertThat(teller.text(heard.get(i).awaitEnd())).isEqualTo(wanted.get(i).text());
        }
      }
    }
  }

  /** A recurrent state has no cells by token: nothing is cut, shared or found again. */
  @Test
  void ofARecurrentModelSurvivesCompanyAbortAndResumption() throws Exception {
    SmallModels.file(RECURRENT);
    List<Greedy> wanted = recorded(RECURRENT);
    try (Teller teller = open(RECURRENT, wanted.size() + 1, false)) {
      assertThat(teller.engine.capabilities().reusesPrefixes()).isFalse();
      Recorder aborted = new Recorder(0);
      SequenceId leaving =
          teller.begin(teller.tokens(wanted.getFirst().prompt()), 10_000, null, aborted);
      List<Recorder> heard = new ArrayList<>();
      for (Greedy one : wanted) {
        heard.add(new Recorder(0));
        teller.begin(teller.tokens(one.prompt()), TOKENS, null, heard.getLast());
      }
      aborted.awaitTokens(5);
      teller.engine.cancel(leaving);
      assertThat(aborted.awaitEnd().finish()).isEqualTo(FinishReason.CANCELLED);
      for (int i = 0; i < wanted.size(); i++) {
        assertThat(teller.text(heard.get(i).awaitEnd())).isEqualTo(wanted.get(i).text());
        assertThat(heard.get(i).cachedTokens()).isZero();
      }
      assertThat(resumed(teller, wanted.getFirst().prompt(), heard.getFirst().tokens()))
          .isEqualTo(heard.getFirst().tokens());
      assertThat(teller.engine.stats().kvTokensUsed()).isZero();
    }
  }

  /** The same answer, of which another replica gave the first half. */
  private static List<Integer> resumed(Teller teller, String prompt, List<Integer> whole)
      throws InterruptedException {
    int half = whole.size() / 2;
    int[] begun =
        IntStream.concat(
                IntStream.of(teller.tokens(prompt)),
                whole.subList(0, half).stream().mapToInt(Integer::intValue))
            .toArray();
    Recorder rest = new Recorder(half);
    teller.begin(begun, whole.size(), null, rest);
    return Stream.concat(whole.subList(0, half).stream(), rest.awaitEnd().tokens().stream())
        .collect(Collectors.toList());
  }
}
