package io.sampo.actors.generation;

import java.time.Duration;

/**
 * When a request must be over. There is one of them for each request, from its admission on.
 *
 * @param limit as the request has it
 * @param endNanos on {@link System#nanoTime}'s clock
 */
record Deadline(Duration limit, long endNanos) {

  static Deadline after(Duration limit) {
    return new Deadline(limit, System.nanoTime() + limit.toNanos());
  }

  /** What is left; never negative. */
  Duration remaining() {
    return Duration.ofNanos(Math.max(0, endNanos - System.nanoTime()));
  }
}
