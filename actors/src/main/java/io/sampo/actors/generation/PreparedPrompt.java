package io.sampo.actors.generation;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.kvcache.block.BlockChain;
import io.sampo.kvcache.block.BlockHash;

/**
 * One of a request's prompts, ready to be placed.
 *
 * @param param the request's field that brought it, for refusals
 * @param ids at least one, each inside the vocabulary
 * @param blockHashes of its whole blocks, chained; the first half of each, which is enough to route
 *     by: a false match costs time and nothing else
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
    return new PreparedPrompt(param, ids, fingerprints(ids, weights), echo);
  }

  private static long[] fingerprints(int[] ids, Weights weights) {
    BlockChain chain =
        new BlockChain(TENANT, weights.fingerprint(), BlockChain.DEFAULT_BLOCK_TOKENS);
    long[] hashes = chain.hashes(ids);
    long[] first = new long[Math.min(BlockHash.count(hashes), MAX_BLOCKS)];
    for (int block = 0; block < first.length; block++) {
      first[block] = BlockHash.at(hashes, block).first();
    }
    return first;
  }
}
