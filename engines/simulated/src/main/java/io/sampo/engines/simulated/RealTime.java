package io.sampo.engines.simulated;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Turns an engine on one platform thread, parked until a step is due. */
final class RealTime implements StepTime {

  private static final long LONGEST_PARK_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final Duration END_DEADLINE = Duration.ofSeconds(10);

  @Override
  public Drive start(String name, Turning engine) {
    Thread thread = Thread.ofPlatform().name(name).daemon().start(() -> run(engine));
    return new ThreadDrive(thread);
  }

  private static void run(Turning engine) {
    long origin = System.nanoTime();
    while (true) {
      long next = engine.turn(System.nanoTime() - origin);
      if (next == Turning.ENDED) {
        return;
      }
      long wait = next - (System.nanoTime() - origin);
      if (wait > 0) {
        LockSupport.parkNanos(Math.min(wait, LONGEST_PARK_NANOS));
      }
    }
  }

  private record ThreadDrive(Thread thread) implements Drive {

    @Override
    public void wake() {
      LockSupport.unpark(thread);
    }

    @Override
    public void awaitEnd() {
      if (Thread.currentThread().equals(thread)) {
        throw new IllegalStateException(
            "A listener must not close its engine: it would wait for itself.");
      }
      wake();
      try {
        if (!thread.join(END_DEADLINE)) {
          throw new IllegalStateException(
              "The simulated engine's thread did not end; a listener blocks it.");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
