package io.sampo.engines.llamacpp.speculation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SpeculationTest {

  private static final int END = 99;

  private static final class Costs implements StepCosts {
    private final double base;
    private final double row;

    private Costs(double base, double row) {
      this.base = base;
      this.row = row;
    }

    @Override
    public double answersMillis(int answers) {
      return base + row * answers;
    }

    @Override
    public double draftedMillis() {
      return row;
    }
  }

  /** As a GPU: rows cost next to nothing. */
  private static final Costs WIDE = new Costs(20, 0.2);

  /** As a CPU: a row costs a good part of a step. */
  private static final Costs NARROW = new Costs(8, 14);

  private static Speculation ngram() {
    BitSet ends = new BitSet();
    ends.set(END);
    return new Speculation(new NgramProposer(), new Speculation.Bounds(8, 32, 63, 256, ends));
  }

  /** Repeats itself, so there is always a guess. */
  private static Text cycle() {
    return Text.of(1, 2, 1, 2, 1, 2, 1, 2);
  }

  private static int drafted(Text text, StepCosts costs) {
    ngram().draft(List.of(text), costs);
    return text.draft().taken();
  }

  @Test
  void draftsAsLongAsATokenGivesMoreThanTheStepWithoutIt() {
    assertThat(drafted(cycle().judged(true, 50), WIDE)).isEqualTo(8);
    assertThat(drafted(cycle().judged(true, 50), NARROW)).isBetween(4, 8);
    assertThat(drafted(cycle(), NARROW)).isEqualTo(1);
    assertThat(drafted(cycle().judged(false, 50), WIDE)).isBetween(0, 2);
    assertThat(drafted(cycle().judged(false, 50), NARROW)).isZero();
  }

  @Test
  void draftsNothingBeforeAnythingIsKnownOfCosts() {
    assertThat(drafted(cycle(), new Costs(0, 0))).isZero();
  }

  @Test
  void draftsNothingWhereManyAnswersShareTheBase() {
    List<Text> few = Stream.generate(SpeculationTest::cycle).limit(2).toList();
    ngram().draft(few, WIDE);
    assertThat(few).allSatisfy(text -> assertThat(text.draft().taken()).isPositive());
    List<Text> many = Stream.generate(SpeculationTest::cycle).limit(40).toList();
    ngram().draft(many, NARROW);
    assertThat(many).allSatisfy(text -> assertThat(text.draft().taken()).isZero());
    List<Text> house = Stream.generate(SpeculationTest::cycle).limit(63).toList();
    ngram().draft(house, WIDE);
    assertThat(house).allSatisfy(text -> assertThat(text.draft().taken()).isZero());
  }

  @Test
  void neverTakesMoreThanAStepMayHave() {
    List<Text> all = Stream.generate(() -> cycle().judged(true, 50)).limit(20).toList();
    ngram().draft(all, WIDE);
    assertThat(all.stream().mapToInt(text -> text.draft().taken()).sum())
        .isEqualTo(Speculation.MOST_DRAFTED);
  }

  @Test
  void prefersTheSequenceThatIsGuessedBest() {
    Text good = cycle().judged(true, 50);
    Text bad = cycle().judged(false, 5);
    ngram().draft(List.of(bad, good), NARROW);
    assertThat(good.draft().taken()).isPositive();
    assertThat(bad.draft().taken()).isZero();
  }

  @Test
  void staysWithinWhatTheSequenceMaySay() {
    assertThat(drafted(cycle().judged(true, 50).allowed(2), WIDE)).isEqualTo(2);
    assertThat(drafted(cycle().judged(true, 50).allowed(0), WIDE)).isZero();
    assertThat(drafted(cycle().judged(true, 50).allowed(-1), WIDE)).isZero();
    int[] long252 = new int[252];
    assertThat(drafted(Text.of(long252).judged(true, 50), WIDE)).isEqualTo(3);
  }

  @Test
  void guessesNothingAfterAnEnd() {
    Text ending = Text.of(1, 2, 3, 4, END, 5, 1, 2, 3).judged(true, 50);
    assertThat(drafted(ending, WIDE)).isEqualTo(1);
    assertThat(ending.guesses()).containsExactly(4);
  }

  @Test
  void judgesAlsoGuessesThatWereNotTaken() {
    Text text = cycle().judged(false, 50);
    for (int step = 0; step < 30; step++) {
      assertThat(text.draft().chance()).isLessThan(0.9);
      drafted(text, NARROW);
      text.draft().settle(text.draft().taken(), text.draft().token(text.draft().taken()));
    }
    assertThat(drafted(text, NARROW)).isPositive();
  }

  @Test
  void triesAgainNowAndThen() {
    Text text = cycle().judged(false, 50);
    Speculation speculation = ngram();
    int tried = 0;
    for (int step = 0; step < 1000; step++) {
      speculation.draft(List.of(text), NARROW);
      tried += text.draft().taken();
      text.draft().settle(0, -1);
    }
    assertThat(tried).isBetween(5, 9);
  }
}
