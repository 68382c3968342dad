package io.sampo.kvcache.store;

/**
 * What a store has and did since it was opened.
 *
 * @param host the tier in main memory
 * @param disk the tier in files
 * @param stored how many blocks came in, and were not there before
 * @param refused how many could not come in, for there was no room
 * @param demoted of those that were evicted from HOST, how many DISK still had
 * @param promoted how many came from DISK into HOST
 * @param misses how many were asked for in vain
 * @param pins how many pins there are
 */
public record StoreStats(
    TierStats host,
    TierStats disk,
    long stored,
    long refused,
    long demoted,
    long promoted,
    long misses,
    long pins) {}
