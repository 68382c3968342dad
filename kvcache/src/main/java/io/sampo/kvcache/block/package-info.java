/**
 * Names for blocks of cached keys and values. A block is a fixed run of token ids; its hash covers
 * its own tokens and, through the hash before it, all tokens of the prefix, the model and the
 * tenant. Equal hashes therefore mean that the KV of one block can stand for the other. {@link
 * io.sampo.kvcache.block.BlockChain} is the door; {@link io.sampo.kvcache.block.BlockHash} is one
 * hash as a key.
 *
 * <p>Everything here is pure and owns no state.
 *
 * <p>Invariant: the hashes of a prefix are a prefix of the hashes, on every machine.
 */
@NullMarked
package io.sampo.kvcache.block;

import org.jspecify.annotations.NullMarked;
