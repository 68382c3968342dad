package io.sampo.cluster.node;

import java.time.Duration;

/** Takes the times of a start. */
final class Stopwatch {

  private final long startNanos = System.nanoTime();
  private volatile Duration system = Duration.ZERO;
  private volatile Duration http = Duration.ZERO;
  private volatile Duration firstToken = Duration.ZERO;

  void system() {
    system = sinceStart();
  }

  void http() {
    http = sinceStart();
  }

  void firstToken() {
    firstToken = sinceStart();
  }

  StartupTimes times() {
    return new StartupTimes(system, http, firstToken);
  }

  private Duration sinceStart() {
    return Duration.ofNanos(System.nanoTime() - startNanos);
  }
}
