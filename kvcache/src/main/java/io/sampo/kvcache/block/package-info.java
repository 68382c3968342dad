/**
 * What a block of cached keys and values is: its name and its bytes.
 *
 * <p>Names: a block is a fixed run of token ids; its hash covers its own tokens and, through the
 * hash before it, all tokens of the prefix, the model and the tenant. Equal hashes therefore mean
 * that the KV of one block can stand for the other. {@link io.sampo.kvcache.block.BlockChain} is
 * the door; {@link io.sampo.kvcache.block.BlockHash} is one hash as a key.
 *
 * <p>Bytes: a {@link io.sampo.kvcache.block.KvBlock} carries its {@link
 * io.sampo.kvcache.block.KvLayout} in a header and lies outside the Java heap; a {@link
 * io.sampo.kvcache.block.KvChain} is several that join. How an engine keeps its KV does not show.
 * Who has blocks lends them through a {@link io.sampo.kvcache.block.BlockSource}.
 *
 * <p>Everything here is pure and owns no state; the memory of blocks belongs to whoever made it.
 *
 * <p>Invariants: the hashes of a prefix are a prefix of the hashes, on every machine. A block that
 * exists was sealed here or has passed every check.
 */
@NullMarked
package io.sampo.kvcache.block;

import org.jspecify.annotations.NullMarked;
