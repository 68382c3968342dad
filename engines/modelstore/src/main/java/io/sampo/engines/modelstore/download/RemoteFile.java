package io.sampo.engines.modelstore.download;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * A file to fetch.
 *
 * @param label what a person calls it
 * @param bytes its size as announced elsewhere; -1 when only the server knows
 * @param sha256 its digest in lower-case hexadecimal as announced elsewhere; null when unknown
 */
public record RemoteFile(String label, URI address, long bytes, @Nullable String sha256) {}
