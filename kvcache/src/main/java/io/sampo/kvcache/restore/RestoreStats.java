package io.sampo.kvcache.restore;

/**
 * What came of restoring, so far.
 *
 * @param restores how many texts were restored, in part at least
 * @param blocks how many blocks an engine took in, which it did not hold
 * @param wins restores that were quicker than computing
 * @param winMillis by how much, together
 * @param losses restores that were slower than computing, or failed
 * @param lossMillis by how much, together
 * @param declined how often blocks that could be had were computed instead
 */
public record RestoreStats(
    long restores,
    long blocks,
    long wins,
    double winMillis,
    long losses,
    double lossMillis,
    long declined) {

  /** Those of nobody. */
  public static final RestoreStats NONE = new RestoreStats(0, 0, 0, 0, 0, 0, 0);

  /** Both together. */
  public RestoreStats plus(RestoreStats other) {
    return new RestoreStats(
        restores + other.restores,
        blocks + other.blocks,
        wins + other.wins,
        winMillis + other.winMillis,
        losses + other.losses,
        lossMillis + other.lossMillis,
        declined + other.declined);
  }
}
