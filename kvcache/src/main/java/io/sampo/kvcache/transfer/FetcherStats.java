package io.sampo.kvcache.transfer;

import java.util.Map;

/**
 * What a {@link BlockFetcher} has done since its start.
 *
 * @param ends how many fetches ended in each way; without those in which none did
 * @param blocks that came and passed every check
 * @param bytes of these blocks
 * @param connections that were made
 */
public record FetcherStats(Map<FetchEnd, Long> ends, long blocks, long bytes, long connections) {

  public FetcherStats {
    ends = Map.copyOf(ends);
  }

  /** How many fetches ended because of something that was not what it must be. */
  public long doubted() {
    return ends.entrySet().stream()
        .filter(end -> end.getKey().isDoubt())
        .mapToLong(Map.Entry::getValue)
        .sum();
  }
}
