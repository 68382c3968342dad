package io.sampo.engines.simulated;

/** Who says when a simulated step is over: the clock of this machine, or a test. */
public sealed interface StepTime permits RealTime, VirtualTime {

  /** Steps last as long as they say, on a thread of the engine's own. */
  static StepTime real() {
    return new RealTime();
  }

  /**
   * Starts to turn an engine.
   *
   * @param name of the engine's thread, where it has one
   */
  Drive start(String name, Turning engine);

  /** What is turned: an engine's loop, without its waiting. */
  @FunctionalInterface
  interface Turning {

    /** From {@link #turn}: not before the next {@link Drive#wake}. */
    long IDLE = Long.MAX_VALUE;

    /** From {@link #turn}: never again. */
    long ENDED = Long.MAX_VALUE - 1;

    /**
     * Does what is due. Never called by two threads at once.
     *
     * @param now nanoseconds since an origin of the time's choice
     * @return when it wants to be turned next, {@link #IDLE} or {@link #ENDED}
     */
    long turn(long now);
  }

  /** An engine's hold on its time. */
  interface Drive {

    /** Has the engine turned soon, for something has come in. */
    void wake();

    /** Wakes the engine, which has been told to end, and waits until it has. */
    void awaitEnd();
  }
}
