package io.sampo.actors.scheduler;

/**
 * How long a replica takes for one token of a prompt, in milliseconds.
 *
 * @param prefill to compute it
 * @param host to take it from the node's main memory
 * @param disk to take it from the node's files
 * @param peer to fetch it from another node
 */
public record Pace(double prefill, double host, double disk, double peer) {

  private static final double PREFILL = 5;

  /** Of a replica that has computed nothing yet; only that the tiers differ is certain. */
  static final Pace UNKNOWN = new Pace(PREFILL, PREFILL / 100, PREFILL / 50, PREFILL / 20);

  /**
   * From what was measured.
   *
   * @param prefillTokensPerSecond 0 where nothing was
   * @param hostBytesPerSecond of blocks into the engine, as are the others; 0 where nothing was
   * @param tokenBytes of one token's KV; 0 where none leaves or enters the engine
   */
  public static Pace measured(
      double prefillTokensPerSecond,
      double hostBytesPerSecond,
      double diskBytesPerSecond,
      double peerBytesPerSecond,
      long tokenBytes) {
    double prefill = prefillTokensPerSecond > 0 ? 1000 / prefillTokensPerSecond : PREFILL;
    return new Pace(
        prefill,
        millis(tokenBytes, hostBytesPerSecond, prefill / 100),
        millis(tokenBytes, diskBytesPerSecond, prefill / 50),
        millis(tokenBytes, peerBytesPerSecond, prefill / 20));
  }

  Pace withPrefill(double millis) {
    return new Pace(millis, host, disk, peer);
  }

  private static double millis(long bytes, double bytesPerSecond, double otherwise) {
    return bytes > 0 && bytesPerSecond > 0 ? 1000 * bytes / bytesPerSecond : otherwise;
  }
}
