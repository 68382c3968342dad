package io.sampo.actors.embedding;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.attempt.Attempt;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PartTest {

  private static List<Part> parts(int maxInputs, int maxTokens, int... lengths) {
    List<int[]> inputs = IntStream.of(lengths).mapToObj(int[]::new).toList();
    return Part.of(
        inputs, maxInputs, maxTokens, number -> new Attempt("request", number, command -> {}));
  }

  @Test
  void cutsWhereInputsOrTokensAreEnough() {
    assertThat(parts(2, 100, 1, 1, 1, 1, 1)).extracting(Part::size).containsExactly(2, 2, 1);
    assertThat(parts(9, 10, 4, 4, 4, 10, 1)).extracting(Part::size).containsExactly(2, 1, 1, 1);
    assertThat(parts(9, 10, 4, 4, 4, 10, 1))
        .extracting(Part::firstInput)
        .containsExactly(0, 2, 3, 4);
  }

  @Test
  void givesALongInputAPartOfItsOwn() {
    List<Part> parts = parts(9, 10, 3, 50, 3);
    assertThat(parts).extracting(Part::size).containsExactly(1, 1, 1);
    assertThat(parts.get(1).longestTokens()).isEqualTo(50);
    assertThat(parts.get(1).ids()).hasSize(50);
  }

  @Test
  void knowsItsLongestInputByItsPlaceInTheRequest() {
    Part second = parts(3, 100, 1, 1, 1, 2, 7, 3).get(1);
    assertThat(second.longestInput()).isEqualTo(4);
    assertThat(second.longestTokens()).isEqualTo(7);
    assertThat(second.lengths()).containsExactly(2, 7, 3);
  }
}
