package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.engines.llamacpp.StepPlanner.Rules;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class StepPlannerTest {

  private record Ready(
      int readyTokens,
      int computed,
      boolean answers,
      boolean isFollowed,
      int urgency,
      int draftedTokens)
      implements StepPlanner.Demand {}

  private static Ready prompt(int tokens) {
    return new Ready(tokens, 0, false, false, 0, 0);
  }

  private static Ready leader(int tokens) {
    return new Ready(tokens, 0, false, true, 0, 0);
  }

  private static Ready answer() {
    return new Ready(1, 9, true, false, 0, 0);
  }

  private static Ready paused() {
    return new Ready(0, 9, true, false, 0, 0);
  }

  private static List<Integer> plan(StepPlanner planner, Ready... sequences) {
    int[] rows = new int[sequences.length];
    Arrays.fill(rows, 99);
    int total = planner.plan(List.of(sequences), rows);
    assertThat(total).isEqualTo(Arrays.stream(rows).sum());
    return Arrays.stream(rows).boxed().toList();
  }

  private static List<Integer> plan(boolean oneAtATime, int batch, Ready... sequences) {
    return plan(new StepPlanner(new Rules(batch, 0, oneAtATime)), sequences);
  }

  /** A planner that has seen what rows cost. */
  private static StepPlanner trained(int targetMillis) {
    StepPlanner planner = new StepPlanner(new Rules(512, targetMillis, false));
    for (int i = 0; i < 10; i++) {
      plan(planner, prompt(400));
      planner.observe(2_000_000_000L);
      plan(planner, answer());
      planner.observe(20_000_000);
      plan(planner, answer(), answer(), answer(), answer());
      planner.observe(50_000_000);
    }
    return planner;
  }

  private static Ready urgentPrompt(int tokens) {
    return new Ready(tokens, 0, false, false, -1, 0);
  }

  @Test
  void computesTheMoreUrgentPromptFirstAndTheOldestOneStillGoesOn() {
    assertThat(plan(false, 64, prompt(500), leader(20), urgentPrompt(40)))
        .containsExactly(16, 8, 40);
    assertThat(plan(true, 64, prompt(5), urgentPrompt(40))).containsExactly(0, 40);
  }

  @Test
  void servesRunningAnswersBeforePrompts() {
    assertThat(plan(false, 8, prompt(100), answer(), answer())).containsExactly(6, 1, 1);
    assertThat(plan(false, 2, prompt(100), answer(), answer())).containsExactly(0, 1, 1);
  }

  @Test
  void computesWhatWasDraftedWithItsSequence() {
    Ready guessed = new Ready(1, 9, true, false, 0, 3);
    assertThat(plan(false, 12, prompt(100), guessed, answer())).containsExactly(7, 4, 1);
  }

  @Test
  void givesTheShortestPromptAllButTheOldestOnesQuarter() {
    assertThat(plan(false, 8, prompt(100), prompt(50), prompt(20))).containsExactly(2, 0, 6);
    assertThat(plan(false, 12, prompt(100), prompt(4), prompt(20))).containsExactly(3, 4, 5);
  }

  @Test
  void computesWhatOthersWaitForFirst() {
    assertThat(plan(false, 8, prompt(100), leader(50), prompt(20))).containsExactly(2, 6, 0);
    assertThat(plan(false, 8, leader(100), prompt(50), leader(20))).containsExactly(2, 0, 6);
  }

  @Test
  void passesOverSequencesThatWait() {
    assertThat(plan(false, 10, paused(), answer(), paused())).containsExactly(0, 1, 0);
    assertThat(plan(false, 10, paused(), paused())).containsExactly(0, 0);
    assertThat(plan(false, 10)).isEmpty();
  }

  @Test
  void holdsOneSequenceAStepWhenDeterministic() {
    assertThat(plan(true, 10, paused(), prompt(30), answer())).containsExactly(0, 10, 0);
    assertThat(plan(true, 10, answer(), prompt(30), answer())).containsExactly(1, 0, 0);
    assertThat(plan(true, 10, paused(), paused())).containsExactly(0, 0);
  }

  @Test
  void givesPromptsTheTimeThatAnswersLeaveOfTheTarget() {
    List<Integer> rows = plan(trained(200), answer(), answer(), answer(), answer(), prompt(1000));
    assertThat(rows.getLast()).isBetween(26, 34);
  }

  @Test
  void givesPromptsAShareOfTheTargetBesideAFullHouse() {
    Ready[] house = new Ready[33];
    Arrays.fill(house, answer());
    house[32] = prompt(1000);
    assertThat(plan(trained(200), house).getLast()).isBetween(17, 23);
    StepPlanner strained = trained(10);
    assertThat(plan(strained, house).getLast()).isEqualTo(12);
    assertThat(plan(strained, house).getLast()).isEqualTo(8);
  }

  /** Whatever it believes at first: where the machine is slow it must see that a row is cheap. */
  @Test
  void findsOutWhatRowsCostWhereAFewAnswersRunBesidePrompts() {
    StepPlanner planner = new StepPlanner(new Rules(512, 200, false));
    Ready[] house = {answer(), answer(), prompt(1000)};
    plan(planner, prompt(1));
    planner.observe(400_000_000);
    int rows = 0;
    for (int i = 0; i < 40; i++) {
      rows = plan(planner, house).getLast();
      planner.observe((70 + 2 * 15 + 5L * rows) * 1_000_000);
    }
    assertThat(rows).isBetween(13, 21);
  }

  @Test
  void fillsTheStepWhenNoAnswerRunsOrNoTargetIsSet() {
    assertThat(plan(trained(200), paused(), prompt(1000))).containsExactly(0, 512);
    assertThat(plan(trained(0), answer(), prompt(1000))).containsExactly(1, 511);
  }

  @Test
  void givesADeepPromptATileOfRowsInAPassOfItsOwn() {
    StepPlanner planner = trained(100);
    Ready deep = new Ready(1000, 2000, false, false, 0, 0);
    assertThat(plan(planner, answer(), answer(), deep)).containsExactly(1, 1, 64);
    assertThat(planner.computesApart()).isTrue();
    plan(planner, answer(), answer(), prompt(1000));
    assertThat(planner.computesApart()).isFalse();
    plan(planner, deep);
    assertThat(planner.computesApart()).isFalse();
  }
}
