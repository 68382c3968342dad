package io.sampo.engines.modelstore.download;

/**
 * A file that was fetched and verified.
 *
 * @param sha256 in lower-case hexadecimal
 * @param version the source's ETag; empty when it gives none
 */
public record Fetched(String sha256, long bytes, String version) {}
