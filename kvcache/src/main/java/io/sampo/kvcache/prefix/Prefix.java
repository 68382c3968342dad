package io.sampo.kvcache.prefix;

/**
 * One prefix of a file.
 *
 * @param tokens its ids, of whole blocks
 * @param firstBlock the first block that the file has here; those before it stand at the prefix
 *     before this one, which begins with the same tokens
 * @param blocks how many blocks it has, with those
 */
public record Prefix(int[] tokens, int firstBlock, int blocks) {}
