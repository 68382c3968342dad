package io.sampo.kvcache.transfer;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvLayout;
import java.util.List;

/**
 * A run of blocks of one text that somebody would like to have.
 *
 * @param layout the layout that they must have, and with it the model that computed them
 * @param firstPosition the position of the first wanted block's first token: what lies before it is
 *     held already
 * @param hashes the blocks' names in the order of the text; 1 to 4096
 */
public record Wanted(KvLayout layout, int firstPosition, List<BlockHash> hashes) {

  /** The most blocks of one request. */
  public static final int MAX_BLOCKS = 4096;

  public Wanted {
    hashes = List.copyOf(hashes);
    if (hashes.isEmpty() || hashes.size() > MAX_BLOCKS) {
      throw new IllegalArgumentException(
          "wanted blocks must be 1 to %d: %d".formatted(MAX_BLOCKS, hashes.size()));
    }
    long end = firstPosition + (long) hashes.size() * layout.blockTokens();
    if (firstPosition < 0
        || firstPosition % layout.blockTokens() != 0
        || end > Integer.MAX_VALUE - layout.blockTokens()) {
      throw new IllegalArgumentException(
          "the first position must be a multiple of %d, and the text end before %d: %d"
              .formatted(layout.blockTokens(), Integer.MAX_VALUE, firstPosition));
    }
  }

  /** Where a block's first token must stand. */
  int positionOf(int block) {
    return firstPosition + block * layout.blockTokens();
  }
}
