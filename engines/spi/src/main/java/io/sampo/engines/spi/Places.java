package io.sampo.engines.spi;

/**
 * Who may come into an engine that runs so many sequences at once. One that preempts takes a
 * sequence as long as fewer than that many of those inside are at least as urgent, since only these
 * can keep it from running; and never more than twice as many in all. One that does not preempt
 * takes as many as it runs. Whoever decides where a sequence goes applies this same rule.
 *
 * <p>Not safe for several threads.
 */
public final class Places {

  private final int sequences;
  private final boolean preempts;
  private final int[] taken = new int[Priority.LAST - Priority.FIRST + 1];
  private int count;

  /**
   * @param sequences as {@link EngineCapabilities#maxSequences}
   * @param preempts as {@link EngineCapabilities#preempts}
   */
  public Places(int sequences, boolean preempts) {
    this.sequences = sequences;
    this.preempts = preempts;
  }

  /** Whether a sequence of this priority may come in now. */
  public boolean fits(int priority) {
    return hasFree()
        || (preempts && count < 2 * sequences && atLeastAsUrgent(priority) < sequences);
  }

  /** Whether one may come in without another having to give way. */
  public boolean hasFree() {
    return count < sequences;
  }

  private int atLeastAsUrgent(int priority) {
    int sum = 0;
    for (int i = 0; i <= priority - Priority.FIRST; i++) {
      sum += taken[i];
    }
    return sum;
  }

  public void take(int priority) {
    taken[Priority.checked(priority) - Priority.FIRST]++;
    count++;
  }

  public void free(int priority) {
    taken[Priority.checked(priority) - Priority.FIRST]--;
    count--;
  }

  /** How many are inside. */
  public int count() {
    return count;
  }

  /** How many places there are, without those that only urgency opens. */
  public int sequences() {
    return sequences;
  }

  public boolean preempts() {
    return preempts;
  }
}
