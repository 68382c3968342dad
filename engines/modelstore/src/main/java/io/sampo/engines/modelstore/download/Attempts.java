package io.sampo.engines.modelstore.download;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import java.io.IOException;
import java.time.Duration;

/** Counts failures in a row and decides whether there is another attempt. One thread only. */
final class Attempts {

  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(20);

  private final DownloadSettings settings;
  private final String label;
  private int failures;

  Attempts(DownloadSettings settings, String label) {
    this.settings = settings;
    this.label = label;
  }

  /** There was progress, so earlier failures do not count any more. */
  void progressed() {
    failures = 0;
  }

  /**
   * Waits before the next attempt.
   *
   * @throws ModelStoreException when the failure is final or there were too many
   */
  void waitAfter(IOException failure) throws ModelStoreException, InterruptedException {
    if (failure instanceof ModelStoreException known && known.kind() != Kind.SOURCE_UNREACHABLE) {
      throw known;
    }
    failures++;
    if (failures >= settings.attempts()) {
      throw new ModelStoreException(
          Kind.SOURCE_UNREACHABLE,
          label
              + " could not be fetched after "
              + failures
              + " attempts ("
              + reason(failure)
              + "); what was got is kept, run the same command again to go on",
          failure);
    }
    Duration pause = settings.firstPause().multipliedBy(1L << Math.min(failures - 1, 16));
    Thread.sleep(pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause);
  }

  private static String reason(IOException failure) {
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }
}
