package io.sampo.kvcache.restore;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.kvcache.block.BorrowedBlock;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvChain;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import io.sampo.kvcache.restore.Plan.Leg;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class RestorationTest {

  /** Blocks of more than 8 MiB, so that each is a part of its own. */
  private static final KvLayout LAYOUT =
      new KvLayout(
          ModelFingerprint.of("test", List.of()),
          KvFormat.F16,
          KvFormat.F16,
          List.of(1 << 20),
          List.of(1 << 19),
          8);

  private static final Need NEED = new Need(0, 6, LAYOUT.blockBytes(), 1000);

  private final BreakEven breakEven = new BreakEven(8, Duration.ofSeconds(20));
  private final List<Integer> lent = new CopyOnWriteArrayList<>();
  private final List<Integer> givenBack = new CopyOnWriteArrayList<>();
  private int supplied = 6;

  /** Where the blocks it lends stand in the text, counted from where they should. */
  private int displaced;

  /** Takes everything in at once, or answers later. */
  private static final class Engine implements Target {
    final List<KvChain> taken = new CopyOnWriteArrayList<>();
    final List<CompletableFuture<Integer>> answers = new CopyOnWriteArrayList<>();
    int held;
    boolean prompt = true;

    @Override
    public CompletableFuture<Integer> held() {
      return CompletableFuture.completedFuture(held);
    }

    @Override
    public CompletableFuture<Integer> take(KvChain chain) {
      taken.add(chain);
      CompletableFuture<Integer> answer = new CompletableFuture<>();
      answers.add(answer);
      if (prompt) {
        held = Math.max(held, chain.endPosition());
        answer.complete(held);
      }
      return answer;
    }
  }

  private final Engine engine = new Engine();

  private List<BorrowedBlock> take(int first, int count, Duration within) {
    assertThat(within).isPositive();
    return IntStream.range(first, Math.min(first + count, supplied)).mapToObj(this::lend).toList();
  }

  private BorrowedBlock lend(int number) {
    lent.add(number);
    KvBlock block =
        KvBlock.seal(
            Arena.ofAuto().allocate(LAYOUT.blockBytes(), 64), LAYOUT, 8 * (number + displaced));
    return new BorrowedBlock() {
      @Override
      public KvBlock block() {
        return block;
      }

      @Override
      public void close() {
        givenBack.add(number);
      }
    };
  }

  private Restoration restoration(Leg... legs) {
    return new Restoration(
        new Plan(List.of(legs), Duration.ofSeconds(20)),
        NEED,
        LAYOUT,
        engine,
        _ -> this::take,
        breakEven);
  }

  @Test
  void bringsEveryLegAndCountsWhatThatSaved() {
    Restoration restoration = restoration(new Leg(Source.HOST, 0, 2), new Leg(Source.DISK, 2, 5));
    restoration.run();

    assertThat(restoration.ready()).isCompleted();
    assertThat(engine.held).isEqualTo(40);
    assertThat(givenBack).containsExactly(0, 1, 2, 3, 4);
    RestoreStats stats = breakEven.stats();
    assertThat(stats.blocks()).isEqualTo(5);
    assertThat(stats.wins()).isEqualTo(1);
    assertThat(stats.winMillis()).isBetween(0.0, 5000.0);
    assertThat(breakEven.speed(Source.DISK)).isNotEqualTo(Speed.UNTRIED);
  }

  @Test
  void readsNoFilesForWhatTheEngineHolds() {
    engine.held = 24;
    restoration(new Leg(Source.DISK, 0, 5)).run();

    assertThat(lent).containsExactly(3, 4);
    assertThat(breakEven.stats().blocks()).isEqualTo(2);
  }

  @Test
  void whatTheEngineHeldAnywayIsNoWin() {
    engine.held = 48;
    restoration(new Leg(Source.HOST, 0, 5)).run();

    assertThat(breakEven.stats()).isEqualTo(RestoreStats.NONE);
  }

  @Test
  void endsWhereTheSourceDoes() {
    supplied = 3;
    restoration(new Leg(Source.HOST, 0, 5), new Leg(Source.DISK, 5, 6)).run();

    assertThat(engine.held).isEqualTo(24);
    assertThat(lent).doesNotContain(5);
  }

  @Test
  void aBlockOfAnotherPlaceNeverReachesTheEngine() {
    displaced = 1;
    Restoration restoration = restoration(new Leg(Source.HOST, 0, 5));
    restoration.run();

    assertThat(restoration.ready()).isCompleted();
    assertThat(engine.taken).isEmpty();
    assertThat(givenBack).isEqualTo(lent);
    assertThat(breakEven.stats().losses()).isEqualTo(1);
  }

  @Test
  void isReadyWhenTheLastPartIsAskedForAndLendsItUntilTheEngineAnswers() throws Exception {
    engine.prompt = false;
    Restoration restoration = restoration(new Leg(Source.HOST, 0, 1));
    Thread thread = Thread.ofVirtual().start(restoration);
    restoration.ready().get();

    assertThat(engine.answers).hasSize(1);
    assertThat(givenBack).isEmpty();
    engine.answers.getFirst().complete(8);
    thread.join();
    assertThat(givenBack).containsExactly(0);
  }

  @Test
  void whoGivesUpWaitsNoLongerAndTheRestIsNotGot() throws Exception {
    engine.prompt = false;
    Restoration restoration = restoration(new Leg(Source.HOST, 0, 6));
    Thread thread = Thread.ofVirtual().start(restoration);
    while (engine.answers.size() < 2) {
      Thread.onSpinWait();
    }
    restoration.ready().cancel(true);
    List.copyOf(engine.answers).forEach(answer -> answer.complete(0));
    thread.join();

    assertThat(lent.size()).isLessThanOrEqualTo(3);
    assertThat(givenBack).isEqualTo(lent);
    assertThat(breakEven.stats()).isEqualTo(RestoreStats.NONE);
  }

  @Test
  void anEngineThatRefusesIsALoss() {
    engine.prompt = false;
    Restoration restoration = restoration(new Leg(Source.HOST, 0, 1));
    Thread thread = Thread.ofVirtual().start(restoration);
    restoration.ready().join();
    engine.answers.getFirst().completeExceptionally(new IllegalStateException("closed"));
    assertThat(join(thread)).isTrue();

    assertThat(givenBack).containsExactly(0);
    assertThat(breakEven.stats().losses()).isEqualTo(1);
  }

  private static boolean join(Thread thread) {
    try {
      return thread.join(Duration.ofSeconds(20));
    } catch (InterruptedException hurry) {
      return false;
    }
  }
}
