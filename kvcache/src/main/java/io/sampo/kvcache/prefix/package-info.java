/**
 * Beginnings of texts with their KV as a file, such as system prompts that ship beside a model, so
 * that a fresh node starts warm.
 *
 * <p>A {@link io.sampo.kvcache.prefix.PrefixWriter} makes a file, a {@link
 * io.sampo.kvcache.prefix.PrefixReader} reads it; {@link io.sampo.kvcache.prefix.PrefixFile} is
 * what both agree on. A file knows tokens, not hashes: hashes are secret to a cluster and a tenant,
 * so whoever imports computes his own.
 *
 * <p>Invariant: a file is taken for the model, the number format and the block size that it was
 * made with, or refused with the rule that it breaks. No number in it is computed with or allocated
 * by before it was compared with a limit.
 */
@NullMarked
package io.sampo.kvcache.prefix;

import org.jspecify.annotations.NullMarked;
