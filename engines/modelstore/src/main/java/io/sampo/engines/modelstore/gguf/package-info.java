/**
 * The GGUF file format: read through a memory mapping, checked before native code sees it, written
 * for converted and synthetic models.
 *
 * <p>A {@link io.sampo.engines.modelstore.gguf.GgufFile} exists only for a file that passed every
 * structural rule; {@link io.sampo.engines.modelstore.gguf.GgufValidator} adds the rules of a whole
 * model (all its shards, a known architecture) and answers with a {@link
 * io.sampo.engines.modelstore.gguf.GgufSummary}, and {@link
 * io.sampo.engines.modelstore.gguf.AdapterValidator} those of a LoRA adapter beside its model.
 * {@link io.sampo.engines.modelstore.gguf.GgufWriter} is the other direction.
 *
 * <p>The package owns no state. Invariant: nothing is allocated, multiplied or read by a number
 * from a file before that number was compared with what remains of the file, so any bytes at all
 * give either a file or a {@link io.sampo.engines.modelstore.gguf.GgufRejectedException}.
 */
@NullMarked
package io.sampo.engines.modelstore.gguf;

import org.jspecify.annotations.NullMarked;
