package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SlotsTest {

  private final Slots slots = new Slots(3);

  private static int[] range(int from, int to) {
    return IntStream.range(from, to).toArray();
  }

  private int held(int[] tokens) {
    int slot = slots.take(tokens);
    slots.release(slot, tokens, tokens.length);
    return slot;
  }

  @Test
  void givesThePromptTheSlotWithTheLongestCommonBeginning() {
    int first = held(range(0, 50));
    held(range(100, 150));
    int slot = slots.take(range(0, 80));
    assertThat(slot).isEqualTo(first);
    assertThat(slots.commonTokens(slot, range(0, 80))).isEqualTo(50);
    assertThat(slots.commonTokens(slot, new int[] {0, 1, 7})).isEqualTo(2);
  }

  @Test
  void sparesAConversationWhenLittleIsCommon() {
    int kept = held(range(0, 50));
    int[] stranger = range(500, 600);
    stranger[0] = 0;
    assertThat(slots.take(stranger)).isNotEqualTo(kept);
  }

  @Test
  void takesTheSlotUnusedForTheLongestTime() {
    int a = held(range(0, 10));
    int b = held(range(100, 110));
    int c = held(range(200, 210));
    assertThat(held(range(100, 120))).isEqualTo(b);
    assertThat(slots.take(range(300, 310))).isEqualTo(a);
    assertThat(slots.take(range(400, 410))).isEqualTo(c);
  }

  @Test
  void countsOnlyWhatFreeSlotsHold() {
    held(range(0, 50));
    int forgotten = held(range(100, 120));
    slots.take(range(0, 50));
    assertThat(slots.retainedTokens()).isEqualTo(20);
    slots.forget(forgotten);
    assertThat(slots.retainedTokens()).isZero();
  }

  @Test
  void refusesToGiveMoreThanThereAre() {
    for (int i = 0; i < slots.count(); i++) {
      slots.take(range(i, i + 5));
    }
    assertThatThrownBy(() -> slots.take(range(0, 5))).isInstanceOf(IllegalStateException.class);
  }
}
