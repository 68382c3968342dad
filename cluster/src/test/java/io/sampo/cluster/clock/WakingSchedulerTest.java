package io.sampo.cluster.clock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.Scheduler.TaskRunOnClose;
import org.apache.pekko.dispatch.ExecutionContexts;
import org.apache.pekko.event.NoLogging;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import scala.concurrent.ExecutionContext;

@Timeout(30)
class WakingSchedulerTest {

  private static final Duration SOON = Duration.ofMillis(20);
  private static final Duration LATER = Duration.ofHours(1);

  private final ExecutionContext executor = ExecutionContexts.fromExecutor(Runnable::run);
  private final WakingScheduler scheduler =
      new WakingScheduler(ConfigFactory.empty(), NoLogging.getInstance(), Thread::new);
  private final BlockingQueue<Long> ran = new LinkedBlockingQueue<>();

  @AfterEach
  void close() {
    scheduler.close();
  }

  private long awaitRun() throws InterruptedException {
    Long at = ran.poll(20, TimeUnit.SECONDS);
    assertThat(at).as("a run").isNotNull();
    return at;
  }

  @Test
  void nothingRunsEarly() throws Exception {
    long asked = System.nanoTime();
    scheduler.scheduleOnce(SOON, () -> ran.add(System.nanoTime()), executor);
    assertThat(awaitRun() - asked).isGreaterThanOrEqualTo(SOON.toNanos());
  }

  @Test
  void theGridIsNoCoarserThanAThirdOfTheDelayAndHoldsTheMomentsOfCoarserOnes() {
    for (long delay = 1; delay < Duration.ofHours(1).toNanos(); delay = delay * 3 + 1) {
      for (long due = -5_000_000_003L; due < 5_000_000_000L; due += 333_333_337L) {
        long moment = WakingScheduler.moment(due, delay);
        assertThat(moment - due)
            .isBetween(0L, Math.min(delay / 3, WakingScheduler.COARSEST_GRID_NANOS));
        long coarsest = WakingScheduler.moment(due, LATER.toNanos());
        assertThat(WakingScheduler.moment(coarsest, delay)).isEqualTo(coarsest);
      }
    }
  }

  @Test
  void aRecurringTaskRunsUntilItIsCancelled() throws Exception {
    Cancellable recurring =
        scheduler.scheduleAtFixedRate(SOON, SOON, () -> ran.add(System.nanoTime()), executor);
    awaitRun();
    awaitRun();
    assertThat(recurring.cancel()).isTrue();
    assertThat(recurring.isCancelled()).isTrue();
    assertThat(recurring.cancel()).isFalse();
  }

  @Test
  void aCancelledTaskNeverRunsAndOneThatRanCannotBeCancelled() throws Exception {
    AtomicInteger cancelled = new AtomicInteger();
    Cancellable waits = scheduler.scheduleOnce(SOON, cancelled::incrementAndGet, executor);
    assertThat(waits.cancel()).isTrue();
    Cancellable runs = scheduler.scheduleOnce(SOON, () -> ran.add(System.nanoTime()), executor);
    awaitRun();
    assertThat(runs.cancel()).isFalse();
    assertThat(cancelled).hasValue(0);
  }

  @Test
  void closingRunsWhatHasToRunAndNothingElse() {
    scheduler.scheduleOnce(LATER, () -> ran.add(1L), executor);
    scheduler.scheduleOnce(LATER, (TaskRunOnClose) () -> ran.add(2L), executor);
    scheduler.scheduleOnce(LATER, (TaskRunOnClose) () -> ran.add(3L), executor).cancel();
    scheduler.close();
    assertThat(ran).containsExactly(2L);
    assertThatThrownBy(() -> scheduler.scheduleOnce(SOON, () -> {}, executor))
        .isInstanceOf(IllegalStateException.class);
  }
}
