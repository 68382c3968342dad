package io.sampo.engines.modelstore.store;

import java.nio.file.Path;

/**
 * A model that is on this machine.
 *
 * @param name what it is asked for by
 * @param file to load; of a split model the first one, with the others beside it
 * @param digest {@code sha256:} and the file's digest in hexadecimal; empty for a file that is used
 *     where it lies
 * @param bytes of all its files
 */
public record StoredModel(String name, Path file, String digest, long bytes) {}
