package io.sampo.kvcache.restore;

/**
 * How long a source takes to bring bytes into an engine.
 *
 * @param fixedMillis however few they are
 * @param millisPerByte for each of them
 */
public record Speed(double fixedMillis, double millisPerByte) {

  /** Takes no time: what is hoped of a source that was never tried. */
  static final Speed UNTRIED = new Speed(0, 0);

  double millis(double bytes) {
    return fixedMillis + millisPerByte * bytes;
  }
}
