package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CellLedgerTest {

  private static final int SEQUENCES = 6;

  @Test
  void countsWhatAMapOfCellsCounts() {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      CellLedger ledger = new CellLedger(SEQUENCES);
      NaiveCells cells = new NaiveCells();
      for (int turn = 0; turn < 80; turn++) {
        act(random, ledger, cells);
        compare(ledger, cells, "seed " + seed + ", turn " + turn);
      }
    }
  }

  private static void act(Random random, CellLedger ledger, NaiveCells cells) {
    int one = random.nextInt(SEQUENCES);
    int other = random.nextInt(SEQUENCES);
    switch (random.nextInt(3)) {
      case 0 -> {
        int more = random.nextInt(5);
        ledger.grow(one, more);
        for (int i = 0; i < more; i++) {
          cells.compute(one, i);
        }
      }
      case 1 -> {
        int from = random.nextInt(ledger.length(one) + 2);
        ledger.cut(one, from);
        cells.forget(one, from);
      }
      default -> {
        if (one != other && ledger.length(other) == 0) {
          int shared = random.nextInt(ledger.length(one) + 1);
          ledger.share(one, other, shared);
          cells.share(one, other, shared);
        }
      }
    }
  }

  private static void compare(CellLedger ledger, NaiveCells cells, String where) {
    assertThat(ledger.used()).as(where).isEqualTo(cells.held());
    for (int sequence = 0; sequence < SEQUENCES; sequence++) {
      int without = sequence;
      List<Integer> others =
          List.of(0, 1, 2, 3, 4, 5).stream().filter(other -> other != without).toList();
      assertThat(ledger.length(sequence)).as(where).isEqualTo(cells.tokens(sequence).length);
      assertThat(ledger.own(sequence)).as(where).isEqualTo(cells.held() - cells.held(others));
    }
    boolean[] even = {true, false, true, false, true, false};
    assertThat(ledger.usedBy(even)).as(where).isEqualTo(cells.held(List.of(0, 2, 4)));
  }

  @Test
  void refusesToShareWhatIsNotThereOrWithOneThatHoldsSomething() {
    CellLedger ledger = new CellLedger(2);
    ledger.grow(0, 5);
    assertThatThrownBy(() -> ledger.share(0, 1, 6)).hasMessageContaining("share 6 of 5");
    ledger.share(0, 1, 3);
    assertThatThrownBy(() -> ledger.share(0, 1, 3)).hasMessageContaining("one that holds 3");
  }
}
