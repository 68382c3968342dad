package io.sampo.cluster.clock;

import com.typesafe.config.Config;
import java.io.Closeable;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.actor.AbstractScheduler;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.Scheduler.TaskRunOnClose;
import org.apache.pekko.actor.SchedulerException;
import org.apache.pekko.actor.SchedulerTask;
import org.apache.pekko.event.LoggingAdapter;
import org.jspecify.annotations.Nullable;
import scala.concurrent.ExecutionContext;
import scala.concurrent.duration.FiniteDuration;

/**
 * Pekko's timers on one thread that wakes only when something is due; Pekko's own scheduler ticks
 * whether anything is or not.
 *
 * <p>Nothing runs early, and everything may run a little late: at the next moment of a grid that is
 * no coarser than a third of its delay, nor than {@value #COARSEST_GRID_NANOS} ns. Finer grids hold
 * the moments of coarser ones, so the periodic tasks of a cluster, each of its own phase, become a
 * few wake-ups a second.
 */
public final class WakingScheduler extends AbstractScheduler implements Closeable {

  static final long COARSEST_GRID_NANOS = 1L << 28;

  private static final double HIGHEST_HERTZ = 1000;

  private final ScheduledThreadPoolExecutor thread;

  /** Those that are to run when the scheduler is closed, if not before. */
  private final Set<Timer> runOnClose = ConcurrentHashMap.newKeySet();

  /** Made by Pekko, for the class that {@code pekko.scheduler.implementation} names. */
  public WakingScheduler(Config config, LoggingAdapter log, ThreadFactory threads) {
    thread = new ScheduledThreadPoolExecutor(1, threads);
    thread.setRemoveOnCancelPolicy(true);
  }

  @Override
  public Cancellable scheduleOnce(FiniteDuration delay, Runnable task, ExecutionContext executor) {
    return start(new Timer(task, executor, 0), delay.toNanos());
  }

  @Override
  @SuppressWarnings("deprecation") // To callers, not to who implements it.
  public Cancellable schedule(
      FiniteDuration initialDelay,
      FiniteDuration interval,
      Runnable task,
      ExecutionContext executor) {
    return start(new Timer(task, executor, interval.toNanos()), initialDelay.toNanos());
  }

  private Timer start(Timer timer, long delayNanos) {
    if (timer.task instanceof TaskRunOnClose) {
      runOnClose.add(timer);
    }
    try {
      timer.arm(System.nanoTime() + delayNanos);
    } catch (RejectedExecutionException closed) {
      throw new IllegalStateException("The scheduler is closed", closed);
    }
    return timer;
  }

  @Override
  public double maxFrequency() {
    return HIGHEST_HERTZ;
  }

  @Override
  public void close() {
    thread.shutdownNow();
    runOnClose.forEach(timer -> timer.task.run());
  }

  /** The first moment at or after the due one at which something that waits so long may run. */
  static long moment(long dueNanos, long delayNanos) {
    long grid = Long.highestOneBit(Math.min(delayNanos / 3, COARSEST_GRID_NANOS));
    return grid <= 0 ? dueNanos : dueNanos + Math.floorMod(-dueNanos, grid);
  }

  private enum State {
    WAITING,
    DONE,
    CANCELLED
  }

  /** One task, which runs once where its interval is 0. */
  private final class Timer implements Cancellable, Runnable {
    private final Runnable task;
    private final ExecutionContext executor;
    private final long intervalNanos;
    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
    private volatile @Nullable Future<?> waiting;
    private long dueNanos;

    Timer(Runnable task, ExecutionContext executor, long intervalNanos) {
      this.task = task;
      this.executor = executor;
      this.intervalNanos = intervalNanos;
    }

    void arm(long due) {
      dueNanos = due;
      long now = System.nanoTime();
      long delay = Math.max(0, due - now);
      Future<?> armed = thread.schedule(this, moment(due, delay) - now, TimeUnit.NANOSECONDS);
      waiting = armed;
      if (isCancelled()) {
        armed.cancel(false);
      }
    }

    @Override
    public void run() {
      if (intervalNanos > 0) {
        executor.execute(this::repeat);
      } else if (state.compareAndSet(State.WAITING, State.DONE)) {
        runOnClose.remove(this);
        executor.execute(task);
      }
    }

    private void repeat() {
      if (isCancelled()) {
        return;
      }
      try {
        task.run();
        arm(dueNanos + intervalNanos);
      } catch (SchedulerException | RejectedExecutionException over) {
        // Who was to be told is gone, or the scheduler is closed.
        state.compareAndSet(State.WAITING, State.DONE);
      }
    }

    @Override
    public boolean cancel() {
      if (!state.compareAndSet(State.WAITING, State.CANCELLED)) {
        return false;
      }
      runOnClose.remove(this);
      Future<?> armed = waiting;
      if (armed != null) {
        armed.cancel(false);
      }
      if (task instanceof SchedulerTask told) {
        told.cancelled();
      }
      return true;
    }

    @Override
    public boolean isCancelled() {
      return state.get() == State.CANCELLED;
    }
  }
}
