package io.sampo.engines.llamacpp;

import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that drives an engine's native context: turn after turn while there is something
 * to do, and parked until {@link #wake} otherwise.
 */
final class EngineThread {

  /** What an engine does. */
  interface Work {

    /** Does what there is to do now; false when there was nothing. */
    boolean turn();

    /**
     * Ends everybody who is inside; the last call.
     *
     * @param reason CLOSED, or INTERNAL when a turn broke
     */
    void end(EngineException reason);
  }

  private static final Logger LOG = LoggerFactory.getLogger(EngineThread.class);
  private static final Duration CLOSE_DEADLINE = Duration.ofMinutes(2);

  /** Nothing depends on this wake-up; it bounds what a lost signal could cost. */
  private static final long PARK_NANOS = Duration.ofSeconds(5).toNanos();

  private final Thread thread;
  private @Nullable Work work;
  private volatile boolean stopping;
  private boolean closed;

  /**
   * @param file the model's, for the thread's name
   */
  EngineThread(Path file) {
    thread = Thread.ofPlatform().name("engine-" + file.getFileName()).daemon().unstarted(this::run);
  }

  void start(Work begun) {
    work = begun;
    thread.start();
  }

  Thread thread() {
    return thread;
  }

  /** Makes the next turn come soon. For any thread, also before the start. */
  void wake() {
    LockSupport.unpark(thread);
  }

  /** Makes the turn under way the last one. For any thread. */
  void stop() {
    stopping = true;
    wake();
  }

  boolean stopping() {
    return stopping;
  }

  private void run() {
    Work work = Objects.requireNonNull(this.work);
    try {
      while (!stopping) {
        if (!work.turn()) {
          LockSupport.parkNanos(work, PARK_NANOS);
        }
      }
      work.end(new EngineException(Kind.CLOSED, "the engine was closed"));
    } catch (RuntimeException | Error broken) {
      LOG.error("the engine broke: {}", String.valueOf(broken.getMessage()), broken);
      work.end(
          new EngineException(Kind.INTERNAL, "the engine broke and must be loaded again", broken));
    }
  }

  /**
   * Closes the engine, once. A turn that does not end in time keeps its memory: freeing it under a
   * running step would end the process, while a leak does not.
   *
   * @param interrupt makes a native call under way end soon
   * @param free gives the memory back
   * @throws IllegalStateException on this thread, which listeners run on: it cannot wait for itself
   */
  synchronized void close(Runnable interrupt, Runnable free) {
    if (thread.equals(Thread.currentThread())) {
      throw new IllegalStateException("a listener must not close its engine");
    }
    if (closed) {
      return;
    }
    closed = true;
    stop();
    interrupt.run();
    if (awaitEnd()) {
      free.run();
    }
  }

  /** Waits for the loop's end, also when interrupted; false when it has not ended in time. */
  private boolean awaitEnd() {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          boolean ended = thread.join(CLOSE_DEADLINE);
          if (!ended) {
            LOG.error("{} did not end in {}; its memory is not given back", thread, CLOSE_DEADLINE);
          }
          return ended;
        } catch (InterruptedException later) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
