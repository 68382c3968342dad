package io.sampo.kvcache.store;

/**
 * What a publisher did since it was made.
 *
 * @param waiting how many texts wait
 * @param blocks how many blocks it published
 * @param dropped how many texts were not taken, for too many were waiting
 * @param failed how many texts ended early, for the engine failed or was too slow
 */
public record PublisherStats(int waiting, long blocks, long dropped, long failed) {}
