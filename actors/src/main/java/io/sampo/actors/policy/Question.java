package io.sampo.actors.policy;

import io.sampo.kvcache.block.BlockHash;
import org.jspecify.annotations.Nullable;

/**
 * A request as a policy sees it.
 *
 * @param session its conversation, or null
 * @param blockHashes of its whole blocks, as in {@link BlockHash}
 * @param blockTokens tokens of a block
 * @param answerTokens how long its answer is expected to be
 * @param patient whether it has time to wait for a replica without a free place
 */
public record Question(
    @Nullable String session,
    long[] blockHashes,
    int blockTokens,
    double answerTokens,
    Targets targets,
    boolean patient) {

  /** A number that two prompts share if they are equal in their first tokens; 0 for none. */
  long prefix(int tokens) {
    int blocks = Math.min(BlockHash.count(blockHashes), Math.max(1, tokens / blockTokens));
    return blocks == 0 ? 0 : blockHashes[BlockHash.LONGS * (blocks - 1)];
  }

  /** Whether the prompt has so many tokens in whole blocks. */
  boolean reaches(int tokens) {
    return BlockHash.count(blockHashes) >= tokens / blockTokens;
  }
}
