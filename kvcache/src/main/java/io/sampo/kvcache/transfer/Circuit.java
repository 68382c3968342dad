package io.sampo.kvcache.transfer;

import java.time.Duration;

/**
 * Remembers whether a peer is worth an attempt. After a failure it is bypassed for a while, which
 * doubles with each further one; then one fetch alone may try it, and its outcome decides for all.
 * (The circuit breaker of Nygard's "Release It!".) Pure: the time is given. Not for several threads
 * at once.
 */
final class Circuit {

  private final long firstPause;
  private final long longestPause;
  private long pause;
  private long bypassedUntil;
  private boolean broken;
  private boolean probing;

  /** Durations as in {@link FetcherSettings}. */
  Circuit(Duration firstPause, Duration longestPause) {
    this.firstPause = firstPause.toNanos();
    this.longestPause = longestPause.toNanos();
  }

  /** Whether an attempt would be refused at this time. */
  boolean bypasses(long now) {
    return broken && (probing || now - bypassedUntil < 0);
  }

  /** Begins an attempt, unless the peer is bypassed. */
  boolean admits(long now) {
    if (bypasses(now)) {
      return false;
    }
    probing = broken;
    return true;
  }

  /** An attempt that was admitted went well. */
  void succeeded() {
    broken = false;
    probing = false;
    pause = 0;
  }

  /** An attempt that was admitted failed; of several at a time only the first counts. */
  void failed(long now) {
    if (!broken || probing) {
      pause = pause == 0 ? firstPause : Math.min(longestPause, 2 * pause);
      bypassedUntil = now + pause;
    }
    broken = true;
    probing = false;
  }

  /** An attempt that was admitted ended without telling anything of the peer. */
  void undecided() {
    probing = false;
  }
}
