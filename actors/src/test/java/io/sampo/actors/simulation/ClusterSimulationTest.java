package io.sampo.actors.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.actors.simulation.ClusterSimulation.Bug;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ClusterSimulationTest {

  /** The properties are set by {@code ops/bench/simulate.sh}. */
  private static final int SEEDS = Integer.getInteger("simulation.seeds", 1000);

  private static final long FIRST = Long.getLong("simulation.first", 0);
  private static final int ENOUGH_TO_CATCH = 50;

  private static List<String> broken(long seed, Bug bug) {
    try (ClusterSimulation simulation = new ClusterSimulation(seed, bug)) {
      return simulation.run();
    }
  }

  @Test
  void nothingIsLostRepeatedOrBookedTwiceWhateverTheSeed() {
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      assertThat(broken(seed, Bug.NONE)).as("seed %d", seed).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void aPlantedBugIsCaught(Bug bug) {
    long seed = 0;
    while (seed < ENOUGH_TO_CATCH && broken(seed, bug).isEmpty()) {
      seed++;
    }
    assertThat(seed).isLessThan(ENOUGH_TO_CATCH);
  }

  @Test
  void aSeedTellsTheSameStoryTwice() {
    assertThat(broken(7, Bug.TRUSTED_TOKENS)).isEqualTo(broken(7, Bug.TRUSTED_TOKENS));
  }
}
