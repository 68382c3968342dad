package io.sampo.engines.simulated;

import io.sampo.engines.spi.KvScope;
import java.util.LinkedHashMap;

/**
 * Which beginnings of ended sequences the engine pretends to hold still: a set of the states of
 * whole blocks of tokens, least recently used first. A state stands for all tokens before it, so a
 * block counts only where all blocks before it are held too.
 */
final class RetainedPrefixes {

  /** A block of those who know a salt. */
  private record Key(String salt, long state) {}

  /** Tokens of a block. */
  static final int BLOCK_TOKENS = 32;

  private final int maxBlocks;
  private final LinkedHashMap<Key, Boolean> blocks = new LinkedHashMap<>(16, 0.75f, true);

  RetainedPrefixes(int tokens) {
    maxBlocks = tokens / BLOCK_TOKENS;
  }

  /** How many of the first {@code count} blocks are held for a scope, without a gap. */
  int held(KvScope scope, long[] states, int count) {
    int held = 0;
    while (scope.shared() && held < count && blocks.get(key(scope, states[held])) != null) {
      held++;
    }
    return held;
  }

  /**
   * Holds these blocks for a scope; the last ones first, so that a prefix outlives what follows it.
   */
  void retain(KvScope scope, long[] states, int count) {
    if (!scope.shared()) {
      return;
    }
    for (int i = Math.min(count, maxBlocks) - 1; i >= 0; i--) {
      blocks.put(key(scope, states[i]), true);
    }
    while (blocks.size() > maxBlocks) {
      blocks.pollFirstEntry();
    }
  }

  private static Key key(KvScope scope, long state) {
    return new Key(scope.salt(), state);
  }

  long tokens() {
    return (long) blocks.size() * BLOCK_TOKENS;
  }
}
