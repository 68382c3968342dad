package io.sampo.engines.llamacpp.speculation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NgramProposerTest {

  private static int[] guesses(int most, int... tokens) {
    Text text = Text.of(tokens);
    try (NgramProposer proposer = new NgramProposer()) {
      proposer.propose(List.of(text), new int[] {most});
    }
    return text.guesses();
  }

  @Test
  void guessesWhatFollowedTheLastTime() {
    assertThat(guesses(3, 1, 2, 3, 40, 50, 60, 70, 9, 1, 2, 3)).containsExactly(40, 50, 60);
    assertThat(guesses(3, 1, 2, 3, 40, 9, 1, 2, 3, 50, 9, 1, 2, 3)).containsExactly(50, 9, 1);
  }

  @Test
  void prefersALongerRunToALaterOne() {
    assertThat(guesses(1, 5, 1, 2, 3, 40, 6, 1, 2, 3, 50, 5, 1, 2, 3)).containsExactly(40);
  }

  @Test
  void guessesARepetitionBeyondItsOwnEnd() {
    assertThat(guesses(7, 9, 1, 2, 1, 2, 1, 2)).containsExactly(1, 2, 1, 2, 1, 2, 1);
    assertThat(guesses(4, 7, 7, 7, 7)).containsExactly(7, 7, 7, 7);
  }

  @Test
  void guessesNothingFromRunsOfTwo() {
    assertThat(guesses(4, 8, 2, 3, 40, 9, 2, 3)).isEmpty();
    assertThat(guesses(4, 1, 2)).isEmpty();
    assertThat(guesses(4, 1)).isEmpty();
    assertThat(guesses(0, 7, 7, 7, 7)).isEmpty();
  }
}
