package io.sampo.actors.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.kvcache.event.Tier;
import io.sampo.kvcache.index.PrefixIndex;
import io.sampo.kvcache.index.PrefixSearch;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EngineBeliefTest {

  private static final long[] SHARED_THEN_A = {1, 1, 2, 2, 3, 3};
  private static final long[] SHARED_THEN_B = {1, 1, 2, 2, 4, 4, 5, 5};

  private final PrefixIndex index = new PrefixIndex(1000, 4, Duration.ZERO);
  private final PrefixSearch search = index.search();
  private final EngineBelief belief = new EngineBelief(index);

  @AfterEach
  void close() {
    index.close();
  }

  @Test
  void thePromptsOfAnEngineAreBelievedToBeInIt() {
    belief.room(100);
    belief.given(SHARED_THEN_A);

    assertThat(blocks(SHARED_THEN_A)).isEqualTo(3);
    assertThat(blocks(SHARED_THEN_B)).isEqualTo(2);
  }

  @Test
  void whatTheEngineHasNoRoomForIsGivenUpFromTheOldestEnd() {
    belief.room(4);
    belief.given(SHARED_THEN_A);
    belief.given(SHARED_THEN_B);

    assertThat(blocks(SHARED_THEN_A)).isEqualTo(2);
    assertThat(blocks(SHARED_THEN_B)).isEqualTo(4);
    belief.room(1);
    assertThat(blocks(SHARED_THEN_B)).isEqualTo(1);
  }

  @Test
  void ofAPromptThatDoesNotFitTheBeginningIsKept() {
    belief.room(2);
    belief.given(SHARED_THEN_B);

    assertThat(blocks(SHARED_THEN_B)).isEqualTo(2);
  }

  private int blocks(long[] hashes) {
    return search.match(hashes) == 0 ? 0 : search.blocks(0, Tier.DEVICE);
  }
}
