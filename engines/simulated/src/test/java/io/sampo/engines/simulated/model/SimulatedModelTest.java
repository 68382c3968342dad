package io.sampo.engines.simulated.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.engines.spi.Sampling;
import io.sampo.engines.spi.TokenLogprobs;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SimulatedModelTest {

  private static final int[] PROMPT = {79, 110, 99, 101};
  private final SimulatedModel endless = new SimulatedModel(7, 0);

  @Test
  void continuesAnAnswerFromAnyOfItsTokens() {
    int[] answer = endless.answer(PROMPT, Sampling.GREEDY, 200);
    int[] longer = Arrays.copyOf(PROMPT, PROMPT.length + 77);
    System.arraycopy(answer, 0, longer, PROMPT.length, 77);
    assertThat(endless.answer(longer, Sampling.GREEDY, 123))
        .isEqualTo(Arrays.copyOfRange(answer, 77, 200));
    assertThat(endless.next(longer, Sampling.GREEDY)).isEqualTo(answer[77]);
  }

  @Test
  void dependsOnSeedChoiceAndPromptButNotOnTheSeedWhenGreedy() {
    int[] answer = endless.answer(PROMPT, Sampling.GREEDY, 50);
    assertThat(endless.answer(PROMPT, sampling(0, 9, 0), 50)).isEqualTo(answer);
    assertThat(endless.answer(PROMPT, sampling(1, 9, 0), 50)).isNotEqualTo(answer);
    assertThat(endless.answer(PROMPT, sampling(1, 9, 0), 50))
        .isNotEqualTo(endless.answer(PROMPT, sampling(1, 8, 0), 50));
    assertThat(endless.answer(PROMPT, sampling(0, 0, 1), 50)).isNotEqualTo(answer);
    assertThat(new SimulatedModel(8, 0).answer(PROMPT, Sampling.GREEDY, 50)).isNotEqualTo(answer);
    assertThat(endless.answer(new int[] {79}, Sampling.GREEDY, 50)).isNotEqualTo(answer);
  }

  @Test
  void endsAboutAsOftenAsItIsTold() {
    SimulatedModel model = new SimulatedModel(7, 0.02);
    int tokens = 0;
    for (int choice = 0; choice < 1_000; choice++) {
      tokens += model.answer(PROMPT, sampling(0, 0, choice), 2_000).length;
    }
    assertThat(tokens / 1_000).isBetween(40, 60);
  }

  @Test
  void writesWholeUtf8ThatNamesItselfSimulatedAndHasWhatTextHandlingFindsHard() {
    SimulatedText text = new SimulatedText(false);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int token : endless.answer(PROMPT, Sampling.GREEDY, 5_000)) {
      bytes.writeBytes(text.piece(token, false));
    }
    String answer = bytes.toString(UTF_8);
    assertThat(answer.substring(0, answer.length() - 4)).doesNotContain("\uFFFD");
    assertThat(answer).contains(" simulated", "日", "é", "ж", "🦙", "\n", "\r", "\"", "\\");
  }

  @Test
  void reportsProbabilitiesThatFitTogether() {
    long state = endless.stateOf(PROMPT);
    long key = SimulatedModel.streamKey(Sampling.GREEDY);
    TokenLogprobs logprobs =
        SimulatedModel.logprobs(state, key, endless.next(state, key, true), 20);
    double sum = 0;
    for (float logprob : logprobs.topLogprobs()) {
      sum += Math.exp(logprob);
    }
    assertThat(sum).isBetween(0.99, 1.0001);
    assertThat(Math.exp(logprobs.chosen())).isBetween(0.5, 1.0);
  }

  private static Sampling sampling(float temperature, long seed, int choice) {
    return new Sampling(
        temperature,
        0,
        1f,
        0f,
        1f,
        1f,
        0,
        0f,
        0f,
        seed,
        choice,
        new int[0],
        new float[0],
        false,
        -1,
        null);
  }
}
