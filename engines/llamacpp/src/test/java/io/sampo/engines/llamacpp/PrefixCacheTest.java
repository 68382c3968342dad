package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PrefixCacheTest {

  private final NaiveCells cells = new NaiveCells();

  private PrefixCache cache(int sequences, int total, int retain) {
    return new PrefixCache(new PrefixCache.Bounds(sequences, total, retain, 0, true), cells);
  }

  private static int[] range(int from, int to) {
    return IntStream.range(from, to).toArray();
  }

  private static int[] join(int[] first, int[] second) {
    return IntStream.concat(IntStream.of(first), IntStream.of(second)).toArray();
  }

  /** Begins a prompt and computes all of it; the sequence holds a token less than it is long. */
  private Sequence run(PrefixCache cache, int... prompt) {
    Sequence sequence = Sequences.of(prompt);
    cache.begin(sequence);
    compute(cache, sequence, prompt.length - 1 - sequence.computed());
    return sequence;
  }

  private void compute(PrefixCache cache, Sequence sequence, int tokens) {
    assertThat(cache.reserve(tokens)).isTrue();
    for (int i = 0; i < tokens; i++) {
      cells.compute(sequence.slot(), sequence.tokens()[sequence.computed() + i]);
    }
    cache.grow(sequence, tokens);
    sequence.advance(tokens);
  }

  private void runAndRetain(PrefixCache cache, int... prompt) {
    cache.retain(run(cache, prompt));
  }

  @Test
  void sharesWithARunningSequenceAndCountsTheCellsOnce() {
    PrefixCache cache = cache(4, 200, 200);
    run(cache, range(0, 51));
    Sequence second = Sequences.of(join(range(0, 40), range(90, 100)));
    cache.begin(second);
    assertThat(second.computed()).isEqualTo(40);
    assertThat(cells.tokens(second.slot())).isEqualTo(range(0, 40));
    assertThat(cache.usedCells()).isEqualTo(50).isEqualTo(cells.held());
  }

  @Test
  void leavesTheRestOfAPartlyReusedSequenceUsable() {
    PrefixCache cache = cache(4, 200, 200);
    runAndRetain(cache, range(0, 51));
    runAndRetain(cache, join(range(0, 20), range(90, 100)));
    assertThat(cache.held(Sequences.of(range(0, 60)))).isEqualTo(50);
    assertThat(cache.held(Sequences.of(join(range(0, 20), range(90, 120))))).isEqualTo(29);
  }

  @Test
  void dropsWhatAnotherSequenceHoldsAsWell() {
    PrefixCache cache = cache(2, 200, 200);
    runAndRetain(cache, range(0, 31));
    Sequence longer = run(cache, range(0, 61));
    assertThat(longer.computed()).isEqualTo(60);
    run(cache, range(500, 520));
    assertThat(cells.tokens(longer.slot())).isEqualTo(range(0, 60));
    assertThat(cache.usedCells()).isEqualTo(79).isEqualTo(cells.held());
  }

  @Test
  void takesTheLeastRecentCellsFromTheirEndWhenRunningOnesNeedThem() {
    PrefixCache cache = cache(8, 100, 100);
    runAndRetain(cache, range(0, 46));
    runAndRetain(cache, range(100, 146));
    run(cache, range(200, 231));
    assertThat(cache.held(Sequences.of(range(0, 60)))).isEqualTo(13);
    assertThat(cache.held(Sequences.of(range(100, 160)))).isEqualTo(45);
    assertThat(cache.usedCells()).isLessThanOrEqualTo(100).isEqualTo(cells.held());
  }

  @Test
  void keepsNoMoreRetainedCellsThanItsBound() {
    PrefixCache cache = cache(8, 1000, 60);
    Sequence running = run(cache, range(0, 101));
    runAndRetain(cache, join(range(0, 80), range(300, 360)));
    runAndRetain(cache, range(400, 441));
    assertThat(cache.retainedCells()).isLessThanOrEqualTo(60);
    assertThat(cache.held(Sequences.of(range(400, 450)))).isEqualTo(40);
    cache.retain(running);
    assertThat(cache.retainedCells()).isLessThanOrEqualTo(60);
  }

  /** Row cells of 200 let 40 be retained at first; the first step of somebody else cuts to that. */
  @Test
  void cutsWhatDoesNotPayWithTheNextStepAndNotBefore() {
    PrefixCache cache = new PrefixCache(new PrefixCache.Bounds(8, 1000, 1000, 200, true), cells);
    runAndRetain(cache, range(0, 101));
    assertThat(cache.held(Sequences.of(range(0, 102)))).isEqualTo(100);

    run(cache, range(500, 502));
    cache.stepped(1);
    assertThat(cache.retainedCells()).isLessThanOrEqualTo(40).isPositive();
  }

  @Test
  void keepsAllOfWhatIsTakenUpAgainBeforeTheNextStep() {
    PrefixCache cache = new PrefixCache(new PrefixCache.Bounds(8, 1000, 1000, 200, true), cells);
    runAndRetain(cache, range(0, 101));
    Sequence next = run(cache, range(0, 103));
    cache.stepped(2);
    cache.retain(next);
    cache.stepped(1);
    assertThat(cache.held(Sequences.of(range(0, 110)))).isEqualTo(102);
  }

  @Test
  void takesOverTheOnlyRetainedSequenceWhenNoNumberIsLeft() {
    PrefixCache cache = cache(2, 200, 200);
    run(cache, range(900, 910));
    runAndRetain(cache, range(0, 51));
    Sequence next = run(cache, join(range(0, 30), range(70, 80)));
    assertThat(cells.tokens(next.slot())).isEqualTo(join(range(0, 30), range(70, 79)));
    assertThat(cache.usedCells()).isEqualTo(9 + 39).isEqualTo(cells.held());
  }

  @Test
  void keepsNothingWhereTheStateCannotBeShared() {
    PrefixCache cache = new PrefixCache(new PrefixCache.Bounds(2, 200, 200, 0, false), cells);
    runAndRetain(cache, range(0, 51));
    assertThat(cache.held(Sequences.of(range(0, 60)))).isZero();
    assertThat(cache.usedCells()).isZero();
  }

  @Test
  void makesAPlaceForCellsFromOutside() {
    PrefixCache cache = cache(3, 200, 60);
    runAndRetain(cache, range(100, 131));
    runAndRetain(cache, range(0, 21));
    int[] text = range(0, 80);
    int place = cache.admit(Kin.COMMON, text);
    assertThat(cache.keeps(place, Kin.COMMON, text, 20)).isTrue();
    assertThat(cache.room(place, 60)).isEqualTo(40);
    bring(cache, place, text, 20, 40);
    assertThat(cache.keeps(place, Kin.COMMON, text, 60)).isTrue();
    cache.settle(place);
    assertThat(cache.held(Kin.COMMON, text, 81)).isEqualTo(60);
    assertThat(cache.usedCells()).isEqualTo(60).isEqualTo(cells.held());
    run(cache, range(200, 210));
    run(cache, range(300, 310));
    run(cache, range(400, 410));
    assertThat(cache.keeps(place, Kin.COMMON, text, 60)).isFalse();
    assertThat(cache.admit(Kin.COMMON, text)).isEqualTo(PrefixCache.NONE);
  }

  private void bring(PrefixCache cache, int place, int[] text, int from, int count) {
    for (int i = from; i < from + count; i++) {
      cells.compute(place, text[i]);
    }
    cache.add(place, count);
  }

  @Test
  void alwaysHasRoomAndNeverGivesCellsOfOtherTokens() {
    int cellCount = 3 * 40;
    int context = 40;
    int places = 3;
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      NaiveCells naive = new NaiveCells();
      PrefixCache cache =
          new PrefixCache(new PrefixCache.Bounds(7, cellCount, random.nextInt(80), 0, true), naive);
      List<Sequence> running = new ArrayList<>();
      for (int turn = 0; turn < 120; turn++) {
        if (running.size() < places && random.nextBoolean()) {
          Sequence sequence = Sequences.of(prompt(random, context));
          cache.begin(sequence);
          running.add(sequence);
          int[] shared = Arrays.copyOf(sequence.tokens(), sequence.computed());
          assertThat(naive.tokens(sequence.slot())).isEqualTo(shared);
        } else if (random.nextInt(4) == 0) {
          bringIn(random, cache, naive, prompt(random, context));
        } else if (!running.isEmpty()) {
          goOn(random, cache, naive, running);
        }
        assertThat(cache.usedCells())
            .as("seed %d, turn %d", seed, turn)
            .isEqualTo(naive.held())
            .isLessThanOrEqualTo(cellCount);
      }
    }
  }

  /** Few different tokens, so that prompts share beginnings of all lengths. */
  private static int[] prompt(Random random, int context) {
    int same = random.nextInt(context - 1);
    return IntStream.range(0, 1 + random.nextInt(context - 1))
        .map(i -> i < same ? i : random.nextInt(2))
        .toArray();
  }

  private static void bringIn(Random random, PrefixCache cache, NaiveCells naive, int[] text) {
    int held = cache.held(Kin.COMMON, text, text.length + 1);
    int place = cache.admit(Kin.COMMON, text);
    assertThat(cache.keeps(place, Kin.COMMON, text, held)).isTrue();
    assertThat(naive.tokens(place)).isEqualTo(Arrays.copyOf(text, held));
    int count = cache.room(place, random.nextInt(1 + text.length - held));
    for (int i = held; i < held + count; i++) {
      naive.compute(place, text[i]);
    }
    cache.add(place, count);
    cache.settle(place);
    assertThat(cache.held(Kin.COMMON, text, text.length + 1)).isGreaterThanOrEqualTo(held + count);
  }

  private static void goOn(
      Random random, PrefixCache cache, NaiveCells naive, List<Sequence> running) {
    Sequence sequence = running.get(random.nextInt(running.size()));
    int open = sequence.length() - sequence.computed();
    if (open == 0 || random.nextInt(4) == 0) {
      running.remove(sequence);
      cache.retain(sequence);
      return;
    }
    int rows = 1 + random.nextInt(open);
    assertThat(cache.reserve(rows)).isTrue();
    for (int i = 0; i < rows; i++) {
      naive.compute(sequence.slot(), sequence.tokens()[sequence.computed() + i]);
    }
    cache.grow(sequence, rows);
    sequence.advance(rows);
  }
}
