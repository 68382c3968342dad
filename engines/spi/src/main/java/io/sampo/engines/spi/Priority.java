package io.sampo.engines.spi;

/**
 * How urgent a request is, as a number: the lower, the earlier it is served. {@link #NORMAL} where
 * nobody says anything.
 */
public final class Priority {

  /** The most urgent. */
  public static final int FIRST = -100;

  public static final int NORMAL = 0;

  /** The least urgent. */
  public static final int LAST = 100;

  private Priority() {}

  /**
   * The priority itself.
   *
   * @throws IllegalArgumentException when it is out of range
   */
  public static int checked(int priority) {
    if (priority < FIRST || priority > LAST) {
      throw new IllegalArgumentException(
          "priority must be " + FIRST + " to " + LAST + ", is " + priority);
    }
    return priority;
  }
}
