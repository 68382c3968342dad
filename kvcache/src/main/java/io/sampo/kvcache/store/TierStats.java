package io.sampo.kvcache.store;

/**
 * What one tier has and did since the store was opened.
 *
 * @param budgetBytes what it may take
 * @param bytes what it takes, with blocks that are on their way
 * @param blocks how many can be borrowed
 * @param hits how many were borrowed from here
 * @param evicted how many had to go to make room
 * @param failed how many could not be written, or were found damaged or without the one before
 */
public record TierStats(
    long budgetBytes, long bytes, long blocks, long hits, long evicted, long failed) {}
