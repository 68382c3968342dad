package io.sampo.kvcache.transfer;

/**
 * What a {@link BlockServer} has done since its start, and holds now.
 *
 * @param connections now, of peers that have proven who they are
 * @param strangers now, of those that have not
 * @param refused connections closed because there were too many
 * @param untrusted connections that ended before a proof, or with a wrong one
 * @param malformed connections closed for what was sent over them
 * @param requests that were answered, to whatever end
 * @param blocks that were sent
 * @param bytes of these blocks
 * @param misses requests that ended at a block that is not held
 * @param late requests whose time passed before the answer was out
 * @param sourceFailures blocks that the source failed to lend, which count as not held
 */
public record ServerStats(
    int connections,
    int strangers,
    long refused,
    long untrusted,
    long malformed,
    long requests,
    long blocks,
    long bytes,
    long misses,
    long late,
    long sourceFailures) {}
