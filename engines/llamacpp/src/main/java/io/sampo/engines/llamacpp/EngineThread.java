package io.sampo.engines.llamacpp;

import java.nio.file.Path;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one thread that drives an engine's native context. */
final class EngineThread {

  private static final Logger LOG = LoggerFactory.getLogger(EngineThread.class);
  private static final Duration CLOSE_DEADLINE = Duration.ofMinutes(2);

  private final Thread thread;

  EngineThread(Path file, Runnable loop) {
    thread = Thread.ofPlatform().name("engine-" + file.getFileName()).daemon().unstarted(loop);
  }

  Thread thread() {
    return thread;
  }

  void start() {
    thread.start();
  }

  /**
   * For close: a listener runs on this thread, which cannot wait for itself.
   *
   * @throws IllegalStateException when a listener closes its engine
   */
  void requireOther() {
    if (thread.equals(Thread.currentThread())) {
      throw new IllegalStateException("a listener must not close its engine");
    }
  }

  /**
   * Waits for the loop's end, also when interrupted. False when it has not ended in time: freeing
   * memory under a running step would end the process, while a leak does not.
   */
  boolean awaitEnd() {
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
