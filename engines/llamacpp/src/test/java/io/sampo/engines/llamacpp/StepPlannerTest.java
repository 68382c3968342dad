package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class StepPlannerTest {

  private record Ready(int readyTokens) implements StepPlanner.Demand {}

  private static List<Integer> plan(boolean oneAtATime, int batch, Integer... ready) {
    List<Ready> sequences = Arrays.stream(ready).map(Ready::new).toList();
    int[] rows = new int[ready.length];
    Arrays.fill(rows, 99);
    int total = new StepPlanner(batch, oneAtATime).plan(sequences, rows);
    assertThat(total).isEqualTo(Arrays.stream(rows).sum());
    return Arrays.stream(rows).boxed().toList();
  }

  @Test
  void servesRunningAnswersBeforePrompts() {
    assertThat(plan(false, 8, 100, 1, 1)).containsExactly(6, 1, 1);
    assertThat(plan(false, 2, 100, 1, 1)).containsExactly(0, 1, 1);
  }

  @Test
  void givesTheRestToPromptsOldestFirst() {
    assertThat(plan(false, 10, 4, 1, 20, 20)).containsExactly(4, 1, 5, 0);
  }

  @Test
  void passesOverSequencesThatWait() {
    assertThat(plan(false, 10, 0, 1, 0)).containsExactly(0, 1, 0);
    assertThat(plan(false, 10, 0, 0)).containsExactly(0, 0);
    assertThat(plan(false, 10)).isEmpty();
  }

  @Test
  void holdsOneSequenceAStepWhenDeterministic() {
    assertThat(plan(true, 10, 0, 30, 1)).containsExactly(0, 10, 0);
    assertThat(plan(true, 10, 1, 30, 1)).containsExactly(1, 0, 0);
    assertThat(plan(true, 10, 0, 0, 0)).containsExactly(0, 0, 0);
  }
}
