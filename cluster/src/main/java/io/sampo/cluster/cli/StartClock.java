package io.sampo.cluster.cli;

import java.time.Duration;
import java.time.Instant;

/**
 * When this process began. The start script tells to the microsecond; the kernel's own figure, the
 * fallback, is whole seconds off on some systems.
 */
record StartClock(Instant processStart) {

  /** How the start script tells. */
  static final String PROPERTY = "-Dsampo.started=";

  static StartClock ofProcess() {
    String told = System.getProperty("sampo.started", "").replace(',', '.');
    if (told.matches("\\d{1,12}\\.\\d{1,9}")) {
      return new StartClock(Instant.ofEpochMilli((long) (Double.parseDouble(told) * 1000)));
    }
    return new StartClock(ProcessHandle.current().info().startInstant().orElseGet(Instant::now));
  }

  Duration until(Instant moment) {
    Duration passed = Duration.between(processStart, moment);
    return passed.isNegative() ? Duration.ZERO : passed;
  }
}
