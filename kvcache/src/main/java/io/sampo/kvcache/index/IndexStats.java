package io.sampo.kvcache.index;

/**
 * Where a {@link PrefixIndex} stands.
 *
 * @param blocks that it knows
 * @param entries pairs of a block and a holder; among them those of holders that are gone and not
 *     yet swept away
 * @param holders that it knows
 * @param evicted blocks forgotten for want of room, since the beginning
 * @param expired blocks forgotten because nobody had an interest in them
 * @param refused entries not made for want of room
 * @param bytes of memory outside the Java heap
 */
public record IndexStats(
    long blocks, long entries, int holders, long evicted, long expired, long refused, long bytes) {}
