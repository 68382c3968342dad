/**
 * Brings one large file over HTTP, in parallel ranges and across interruptions.
 *
 * <p>{@link io.sampo.engines.modelstore.download.Downloader} is the way in. Its state is on disk: a
 * {@code .partial} file and beside it the map of the ranges it holds, written only after the bytes
 * they speak of. Invariant: a file is handed over only when all its bytes come from one version of
 * the source and have the SHA-256 that was announced; credentials go to the one host they are for.
 */
@NullMarked
package io.sampo.engines.modelstore.download;

import org.jspecify.annotations.NullMarked;
