package io.sampo.actors.wire;

/** What a request is promised; how soon each begins and goes on is set for the scheduler. */
public enum ServiceClass {
  /** Somebody waits for it. */
  INTERACTIVE,
  /** Nobody does: it may wait for a long time, and run where that is cheap. */
  BATCH
}
