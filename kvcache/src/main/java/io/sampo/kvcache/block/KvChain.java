package io.sampo.kvcache.block;

import io.sampo.kvcache.block.KvBlockRejectedException.Rule;
import java.util.List;

/**
 * Blocks of one text that follow each other without a gap. Each may come from elsewhere.
 *
 * @param blocks at least one, of one layout
 */
public record KvChain(List<KvBlock> blocks) {

  /**
   * Joins blocks.
   *
   * @throws KvBlockRejectedException when two neighbours do not join
   */
  public KvChain {
    blocks = List.copyOf(blocks);
    if (blocks.isEmpty()) {
      throw new IllegalArgumentException("a chain without blocks");
    }
    KvBlock before = blocks.getFirst();
    for (KvBlock next : blocks.subList(1, blocks.size())) {
      if (!next.layout().equals(before.layout())) {
        throw new KvBlockRejectedException(Rule.SHAPE, "blocks of a chain must have one layout");
      }
      if (next.firstPosition() != endOf(before)) {
        throw new KvBlockRejectedException(
            Rule.POSITION,
            "a block at position %d does not join one that ends at %d"
                .formatted(next.firstPosition(), endOf(before)));
      }
      before = next;
    }
  }

  private static int endOf(KvBlock block) {
    return block.firstPosition() + block.layout().blockTokens();
  }

  public KvLayout layout() {
    return blocks.getFirst().layout();
  }

  /** The position of the first block's first token. */
  public int firstPosition() {
    return blocks.getFirst().firstPosition();
  }

  /** The position after the last block's last token. */
  public int endPosition() {
    return endOf(blocks.getLast());
  }
}
