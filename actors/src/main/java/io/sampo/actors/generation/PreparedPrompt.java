package io.sampo.actors.generation;

import io.sampo.kvcache.block.BlockChain;
import org.jspecify.annotations.Nullable;

/**
 * One of a request's prompts, ready to be placed.
 *
 * @param param the request's field that brought it, for refusals
 * @param ids at least one, each inside the vocabulary
 * @param blockHashes of its whole blocks, chained
 * @param echo the text that its answers begin with; mostly empty
 */
record PreparedPrompt(String param, int[] ids, long[] blockHashes, String echo) {

  /** The router is told of so many blocks at most; a longer prompt is known by its beginning. */
  private static final int MAX_BLOCKS = 4_096;

  /**
   * @param chain names its blocks; null for no names
   */
  static PreparedPrompt of(String param, int[] ids, String echo, @Nullable BlockChain chain) {
    if (chain == null) {
      return new PreparedPrompt(param, ids, new long[0], echo);
    }
    int length = Math.min(ids.length, MAX_BLOCKS * chain.blockTokens());
    return new PreparedPrompt(param, ids, chain.hashes(ids, length, new long[0]), echo);
  }
}
