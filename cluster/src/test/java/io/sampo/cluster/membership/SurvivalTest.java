package io.sampo.cluster.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who goes on: members oldest first, those that were lost, those whose process is gone. */
class SurvivalTest {

  @ParameterizedTest(name = "of {0} lost {1}, gone {2}: {3}")
  @CsvSource({
    "a b c, c,   '',  true",
    "a b c, b c, '',  false",
    "a b c, a b, '',  false",
    "a b c, a b, a b, true",
    "a b c, a b, a,   false",
    "a b,   b,   '',  true",
    "a b,   a,   '',  false",
    "a b,   a,   a,   true",
    "a b c d, c d, '', true",
    "a b c d, a b, '', false",
    "a b c d, a b, a b, true",
  })
  void goesOn(String members, String lost, String gone, boolean expected) {
    Set<Seed> processesGone = new HashSet<>(seeds(gone));
    assertThat(
            Survival.goesOn(
                    seeds(members),
                    Set.copyOf(seeds(lost)),
                    node -> CompletableFuture.completedFuture(processesGone.contains(node)))
                .toCompletableFuture()
                .join())
        .isEqualTo(expected);
  }

  private static List<Seed> seeds(String names) {
    return Arrays.stream(names.split(" ", -1))
        .filter(name -> !name.isEmpty())
        .map(name -> new Seed(name, 1))
        .toList();
  }
}
