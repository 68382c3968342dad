package io.sampo.actors.scheduler;

import java.time.Duration;

/**
 * How fast a model's places come free while others wait for them, and so how many may wait: by
 * Little's law those that the longest wait allows. At the beginning nothing is known and the
 * operator's bound holds. As a floor stands the usual rule of thumb of concurrency (Cloud Run's:
 * instances × parallel queries + instances × batch): beside those that run, as many may wait.
 */
final class ServiceRate {

  private static final double FADING = 0.98;

  /** So many releases make a rate. */
  private static final int ENOUGH = 20;

  private double releases;
  private double seconds;
  private long counted;
  private long sinceNanos;
  private boolean waiting;

  /** Somebody waits from now on, or nobody does any more. */
  void waiting(boolean somebody, long nowNanos) {
    if (somebody && !waiting) {
      sinceNanos = nowNanos;
    }
    waiting = somebody;
  }

  /** A place came free. */
  void released(long nowNanos) {
    if (waiting) {
      releases = releases * FADING + 1;
      seconds = seconds * FADING + (nowNanos - sinceNanos) / 1e9;
      sinceNanos = nowNanos;
      counted++;
    }
  }

  /** Places that come free in a second; 0 while that is not known. */
  double perSecond() {
    return counted < ENOUGH || seconds <= 0 ? 0 : releases / seconds;
  }

  /**
   * How many may wait.
   *
   * @param places of all replicas
   * @param most as the operator says
   */
  int bound(Duration maxWait, int places, int most) {
    double rate = perSecond();
    return rate == 0
        ? most
        : Math.clamp((long) (rate * maxWait.toMillis() / 1000), Math.min(places, most), most);
  }

  /** When one more may come, if so many wait. */
  int retryAfterSeconds(int waitingNow) {
    double rate = perSecond();
    return rate == 0 ? 1 : Math.clamp((long) Math.ceil(waitingNow / rate / 2), 1, 60);
  }
}
