package io.sampo.kvcache.restore;

/**
 * What restores from one source have shown. Its speed is the straight line through the bytes and
 * times of the last restores, each of which weighs less than the one after it.
 */
final class TrackRecord {

  /** What is left of an observation's weight after the next one. */
  private static final double FADING = 0.8;

  /** A source that is not worth its time is tried again after so many refusals, then more. */
  private static final int FIRST_PATIENCE = 16;

  private static final int MOST_PATIENCE = 1024;

  private double weight;
  private double bytes;
  private double millis;
  private double bytesSquared;
  private double bytesMillis;
  private int refusals;
  private int patience = FIRST_PATIENCE;

  /** What to expect of the next restore; hopes the best when it is time for another trial. */
  Speed speed() {
    return weight == 0 || refusals >= patience ? Speed.UNTRIED : line();
  }

  private Speed line() {
    double spread = weight * bytesSquared - bytes * bytes;
    if (spread > 1e-6 * weight * bytesSquared) {
      double slope = (weight * bytesMillis - bytes * millis) / spread;
      double fixed = (millis - slope * bytes) / weight;
      if (slope >= 0 && fixed >= 0) {
        return new Speed(fixed, slope);
      }
      if (slope < 0) {
        return new Speed(millis / weight, 0);
      }
    }
    return bytes > 0 ? new Speed(0, millis / bytes) : new Speed(millis / weight, 0);
  }

  /** Of late; 0 where nothing came. */
  double bytesPerSecond() {
    return millis > 0 ? 1000 * bytes / millis : 0;
  }

  /** So many bytes came in this time; none where the source failed. */
  void observe(double came, double took) {
    weight = FADING * weight + 1;
    bytes = FADING * bytes + came;
    millis = FADING * millis + took;
    bytesSquared = FADING * bytesSquared + came * came;
    bytesMillis = FADING * bytesMillis + came * took;
    if (refusals >= patience) {
      refusals = 0;
      patience = Math.min(MOST_PATIENCE, 2 * patience);
    }
  }

  /** It was worth its time. */
  void won() {
    refusals = 0;
    patience = FIRST_PATIENCE;
  }

  /** It was not chosen, for what it has shown. */
  void refused() {
    refusals++;
  }
}
