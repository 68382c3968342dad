package io.sampo.kvcache.transfer;

import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Ends what lasts too long, by closing the connection it waits for: a blocked reader or writer
 * wakes with an exception. One thread for all connections of a server or a fetcher.
 */
final class Deadlines implements AutoCloseable {

  private final ScheduledThreadPoolExecutor clock;

  Deadlines(String name) {
    clock =
        new ScheduledThreadPoolExecutor(
            1, runnable -> Thread.ofPlatform().daemon().name(name).unstarted(runnable));
    clock.setRemoveOnCancelPolicy(true);
  }

  /** Ends a wait unless it is closed before; which of the two came first is settled once. */
  final class Deadline implements AutoCloseable {

    private enum State {
      AHEAD,
      PASSED,
      TAKEN_BACK
    }

    private final AtomicReference<State> state = new AtomicReference<>(State.AHEAD);
    private final Runnable end;
    private final Future<?> timer;

    private Deadline(long nanos, Runnable end) {
      this.end = end;
      timer = clock.schedule(this::pass, nanos, TimeUnit.NANOSECONDS);
    }

    private void pass() {
      if (state.compareAndSet(State.AHEAD, State.PASSED)) {
        end.run();
      }
    }

    /** Whether it has ended what it watched. */
    boolean passed() {
      return state.get() == State.PASSED;
    }

    @Override
    public void close() {
      if (state.compareAndSet(State.AHEAD, State.TAKEN_BACK)) {
        timer.cancel(false);
      }
    }
  }

  /**
   * Sets a deadline.
   *
   * @param nanos from now; of what is past already the end comes at once
   * @param end closes a connection; quick
   * @throws RejectedExecutionException after {@link #close}
   */
  Deadline in(long nanos, Runnable end) {
    return new Deadline(nanos, end);
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
