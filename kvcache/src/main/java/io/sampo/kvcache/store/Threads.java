package io.sampo.kvcache.store;

import java.time.Duration;

/** How the store's threads end. */
final class Threads {

  private Threads() {}

  /** Waits for the end of a thread that was asked to end; interrupts it where that takes long. */
  static void end(Thread thread, Duration patience) {
    try {
      if (!thread.join(patience)) {
        thread.interrupt();
      }
    } catch (InterruptedException hurry) {
      thread.interrupt();
      Thread.currentThread().interrupt();
    }
  }
}
