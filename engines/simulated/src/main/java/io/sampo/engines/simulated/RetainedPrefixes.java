package io.sampo.engines.simulated;

import io.sampo.engines.spi.KvScope;
import java.util.Arrays;
import java.util.LinkedHashMap;

/**
 * The blocks that the engine holds of ended sequences and of what came from outside, least recently
 * used first. A block counts only where all blocks before it are held too.
 */
final class RetainedPrefixes {

  /** Tokens of a block. */
  static final int BLOCK_TOKENS = 32;

  /** A block of those who know a salt. */
  private record Key(String salt, long key) {}

  private static final long[] NOTHING = {};

  private final int maxBlocks;
  private final LinkedHashMap<Key, Long> states = new LinkedHashMap<>(16, 0.75f, true);

  RetainedPrefixes(int tokens) {
    maxBlocks = tokens / BLOCK_TOKENS;
  }

  /**
   * The states of a text's first blocks that are held for a scope, without a gap.
   *
   * @param count of how many at most
   */
  long[] held(KvScope scope, BlockTrail text, int count) {
    if (!scope.shared()) {
      return NOTHING;
    }
    long[] held = new long[count];
    for (int block = 0; block < count; block++) {
      Long state = states.get(new Key(scope.salt(), text.key(block)));
      if (state == null) {
        return Arrays.copyOf(held, block);
      }
      held[block] = state;
    }
    return held;
  }

  /**
   * Holds a text's first blocks for a scope; the last ones first, so that a prefix outlives what
   * follows it.
   */
  void retain(KvScope scope, BlockTrail text, int count) {
    if (!scope.shared()) {
      return;
    }
    for (int block = Math.min(count, maxBlocks) - 1; block >= 0; block--) {
      states.put(new Key(scope.salt(), text.key(block)), text.state(block));
    }
    while (states.size() > maxBlocks) {
      states.pollFirstEntry();
    }
  }

  long tokens() {
    return (long) states.size() * BLOCK_TOKENS;
  }
}
