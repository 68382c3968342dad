package io.sampo.kvcache.transfer;

import io.sampo.kvcache.block.KvBlock;
import java.util.List;

/**
 * What came of a fetch.
 *
 * @param blocks the leading wanted blocks, as many as came and passed every check; in the first
 *     pieces of the caller's memory, of which the others may have been written to and mean nothing
 * @param end why it ended
 */
public record Fetched(List<KvBlock> blocks, FetchEnd end) {

  public Fetched {
    blocks = List.copyOf(blocks);
  }

  static Fetched nothing(FetchEnd end) {
    return new Fetched(List.of(), end);
  }
}
