package io.sampo.actors.policy;

import static io.sampo.actors.policy.Candidates.busy;
import static io.sampo.actors.policy.Candidates.id;
import static io.sampo.actors.policy.Candidates.idle;
import static io.sampo.actors.policy.Candidates.question;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class RoutingPoliciesTest {

  static final List<String> NAMES = RoutingPolicies.NAMES;

  private static Choice choose(RoutingPolicy policy, Question question, List<Candidate> all) {
    Choice choice = policy.choose(question, all);
    policy.booked(question, choice);
    return choice;
  }

  private static List<Candidate> four() {
    return IntStream.range(0, 4).mapToObj(i -> idle(i, 100)).toList();
  }

  @ParameterizedTest
  @FieldSource("NAMES")
  void everyPolicyChoosesOneOfTheCandidatesAndGivesAReason(String name) {
    RoutingPolicy policy = RoutingPolicies.create(name, false);
    assertThat(policy.name()).isEqualTo(name);
    for (int seed = 0; seed < 200; seed++) {
      Question question = question(seed % 3 == 0 ? null : "s" + seed, seed, seed % 40);
      List<Candidate> some =
          List.of(busy(0, 4, true, false, 10, 0, 0), busy(1, seed % 4, false, false, 90, 5, 0));
      Choice choice = choose(policy, question, some);
      assertThat(choice.replica()).isIn(id(0), id(1));
      assertThat(choice.reason()).isNotEmpty();
    }
  }

  @Test
  void anUnknownNameIsRefusedWithTheKnownOnes() {
    assertThatThrownBy(() -> RoutingPolicies.create("magic", false))
        .hasMessageContaining("there is no routing policy 'magic'; there are affinity, ");
  }

  @Test
  void roundRobinPassesOverFullReplicas() {
    RoutingPolicy policy = RoutingPolicies.create("round-robin", false);
    List<Candidate> all =
        List.of(idle(2, 1), busy(1, 4, false, false, 1, 0, 0), idle(0, 1), idle(3, 1));

    assertThat(IntStream.range(0, 5).mapToObj(_ -> choose(policy, question(), all).replica()))
        .containsExactly(id(0), id(2), id(3), id(0), id(2));
  }

  @Test
  void productWeighsUncachedTokensByTheBatchAndKnowsNoSpeed() {
    RoutingPolicy policy = RoutingPolicies.create("product", false);

    assertThat(
            policy
                .choose(question(), List.of(busy(0, 2, true, false, 40, 0, 0), idle(1, 130)))
                .replica())
        .isEqualTo(id(0));
    assertThat(
            policy
                .choose(question(), List.of(busy(0, 3, true, false, 40, 0, 0), idle(1, 130)))
                .replica())
        .isEqualTo(id(1));
  }

  @Test
  void stickySendsASessionAlwaysToTheSameReplicaWhoeverElseIsThere() {
    RoutingPolicy policy = RoutingPolicies.create("sticky", false);
    Map<String, Integer> before = new HashMap<>();
    for (int i = 0; i < 400; i++) {
      before.put("s" + i, choose(policy, question("s" + i, i, 9), four()).replica().ordinal());
    }
    assertThat(new HashSet<>(before.values())).hasSize(4);

    List<Candidate> three = four().subList(0, 3);
    before.forEach(
        (session, replica) -> {
          int now = choose(policy, question(session, 1, 9), three).replica().ordinal();
          assertThat(now).isBetween(0, 2);
          if (replica < 3) {
            assertThat(now).isEqualTo(replica);
          }
        });
  }

  @Test
  void boundedLoadGoesOnToTheNextReplicaBeyondItsFairPart() {
    RoutingPolicy policy = RoutingPolicies.create("bounded-load", false);
    int home = choose(policy, question("s", 1, 9), four()).replica().ordinal();
    List<Candidate> busy =
        IntStream.range(0, 4)
            .mapToObj(i -> i == home ? busy(i, 2, true, false, 1, 0, 0) : idle(i, 100))
            .toList();

    Choice choice = policy.choose(question("s", 1, 9), busy);
    assertThat(choice.reason()).isEqualTo("overflow");
    assertThat(choice.replica()).isNotEqualTo(id(home));
  }

  @Test
  void dualMapKnowsTwoReplicasForABeginningAndMoreForAHotOne() {
    RoutingPolicy policy = RoutingPolicies.create("dualmap", false);
    List<Candidate> eight = IntStream.range(0, 8).mapToObj(i -> idle(i, 100)).toList();
    Set<Integer> few = new HashSet<>();
    for (int i = 0; i < 20; i++) {
      few.add(policy.choose(question(null, 1, 16), eight).replica().ordinal());
    }
    assertThat(few).hasSizeBetween(1, 2);

    Set<Integer> many = new HashSet<>();
    for (int i = 0; i < 400; i++) {
      Question shared = sharedBeginning(i);
      many.add(choose(policy, shared, eight).replica().ordinal());
    }
    assertThat(many).hasSizeGreaterThan(4);
  }

  /** The first 512 tokens are those of all others, the next are not. */
  private static Question sharedBeginning(int number) {
    Question common = question(null, 1, 48);
    long[] hashes = common.blockHashes().clone();
    for (int i = 32; i < hashes.length; i++) {
      hashes[i] = HashRing.mixed(1000L * number + i);
    }
    return new Question(null, hashes, 32, 20, common.targets(), true);
  }
}
