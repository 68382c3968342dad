package io.sampo.engines.simulated;

import java.util.LinkedHashMap;

/**
 * Which beginnings of ended sequences the engine pretends to hold still: a set of the states of
 * whole blocks of tokens, least recently used first. A state stands for all tokens before it, so a
 * block counts only where all blocks before it are held too.
 */
final class RetainedPrefixes {

  /** Tokens of a block. */
  static final int BLOCK_TOKENS = 32;

  private final int maxBlocks;
  private final LinkedHashMap<Long, Boolean> blocks = new LinkedHashMap<>(16, 0.75f, true);

  RetainedPrefixes(int tokens) {
    maxBlocks = tokens / BLOCK_TOKENS;
  }

  /** How many of the first {@code count} blocks are held, without a gap. */
  int held(long[] states, int count) {
    int held = 0;
    while (held < count && blocks.get(states[held]) != null) {
      held++;
    }
    return held;
  }

  /** Holds these blocks; the last ones first, so that a prefix outlives what follows it. */
  void retain(long[] states, int count) {
    for (int i = Math.min(count, maxBlocks) - 1; i >= 0; i--) {
      blocks.put(states[i], true);
    }
    while (blocks.size() > maxBlocks) {
      blocks.pollFirstEntry();
    }
  }

  long tokens() {
    return (long) blocks.size() * BLOCK_TOKENS;
  }
}
