package io.sampo.actors.policy;

import static io.sampo.actors.policy.Candidates.busy;
import static io.sampo.actors.policy.Candidates.id;
import static io.sampo.actors.policy.Candidates.idle;
import static io.sampo.actors.policy.Candidates.question;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AffinityPolicyTest {

  private final RoutingPolicy policy = RoutingPolicies.create("affinity", false);

  private Choice choose(Candidate... candidates) {
    Choice choice = policy.choose(question(), List.of(candidates));
    policy.booked(question(), choice);
    return choice;
  }

  @Test
  void coldPrefixesAreSpreadAlsoWhenEachFindsAllReplicasIdle() {
    List<Integer> chosen = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      chosen.add(choose(idle(0, 100), idle(1, 100), idle(2, 100)).replica().ordinal());
    }

    assertThat(chosen).containsExactly(0, 1, 2, 0, 1, 2);
  }

  @Test
  void aPromptGoesWhereItsBeginningIsUnlessThatIsTooBusy() {
    assertThat(choose(idle(0, 900), busy(1, 1, true, false, 50, 0, 0)))
        .isEqualTo(new Choice(id(1), "prefix"));
    assertThat(choose(idle(0, 900), busy(1, 3, true, false, 50, 1800, 0)))
        .isEqualTo(new Choice(id(0), "spread"));
  }

  @Test
  void aSessionIsLeftOnlyWhereItsReplicaMissesTheTargetAndAnotherDoesNot() {
    assertThat(choose(idle(0, 10), busy(1, 3, true, true, 50, 1800, 0)))
        .isEqualTo(new Choice(id(1), "session"));
    assertThat(choose(idle(0, 2500), busy(1, 3, true, true, 50, 3000, 0)))
        .isEqualTo(new Choice(id(1), "session"));
    assertThat(choose(idle(0, 1900), busy(1, 3, true, true, 50, 3000, 0)).replica())
        .isEqualTo(id(0));
  }

  @Test
  void aLongPromptWaitsForTheFastReplicaAndAShortOneTakesTheSlowOne() {
    Candidate fast = busy(0, 4, false, false, 1000, 0, 0);

    assertThat(choose(fast, idle(1, 8000)).replica()).isEqualTo(id(0));
    assertThat(choose(fast, idle(1, 300)).replica()).isEqualTo(id(1));
    Question impatient = new Question(null, new long[0], 32, 20, new Targets(2000, 200), false);
    assertThat(policy.choose(impatient, List.of(fast, idle(1, 8000))).replica()).isEqualTo(id(1));
  }

  @Test
  void whereCostsCountTheCheapestMachineThatMeetsTheTargetIsTaken() {
    RoutingPolicy costAware = RoutingPolicies.create("affinity", true);
    Candidate dear = busy(0, 0, false, false, 100, 0, 4);
    Candidate cheap = busy(1, 2, false, false, 1500, 0, 0.5);
    Candidate tooSlow = busy(2, 0, false, false, 9000, 0, 0.1);

    List<Candidate> all = List.of(dear, cheap, tooSlow);
    assertThat(costAware.choose(question(), all).replica()).isEqualTo(id(1));
    assertThat(policy.choose(question(), all).replica()).isEqualTo(id(0));
  }
}
