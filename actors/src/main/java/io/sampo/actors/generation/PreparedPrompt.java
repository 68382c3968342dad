package io.sampo.actors.generation;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.kvcache.block.BlockChain;

/**
 * One of a request's prompts, ready to be placed.
 *
 * @param param the request's field that brought it, for refusals
 * @param ids at least one, each inside the vocabulary
 * @param blockHashes of its whole blocks, chained
 * @param echo the text that its answers begin with; mostly empty
 */
record PreparedPrompt(String param, int[] ids, long[] blockHashes, String echo) {

  /** Until there are tenants there is one. */
  private static final byte[] TENANT = "default".getBytes(UTF_8);

  /** The router is told of so many blocks at most; a longer prompt is known by its beginning. */
  private static final int MAX_BLOCKS = 4_096;

  /**
   * @param weights the model with its adapter, or alone
   */
  static PreparedPrompt of(String param, int[] ids, String echo, Weights weights) {
    return new PreparedPrompt(param, ids, hashes(ids, weights), echo);
  }

  private static long[] hashes(int[] ids, Weights weights) {
    BlockChain chain =
        new BlockChain(TENANT, weights.fingerprint(), BlockChain.DEFAULT_BLOCK_TOKENS);
    int length = Math.min(ids.length, MAX_BLOCKS * chain.blockTokens());
    return chain.hashes(ids, length, new long[0]);
  }
}
