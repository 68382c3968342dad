/**
 * Who holds which block: the index by which requests find the node that has their beginning.
 *
 * <p>{@link io.sampo.kvcache.index.PrefixIndex} is the door: its one writer applies what holders
 * say, most simply through a {@link io.sampo.kvcache.index.HolderFeed} for each of them; any thread
 * asks through a {@link io.sampo.kvcache.index.PrefixSearch} of its own. The room owns the index's
 * memory, outside the Java heap, which its maker closes.
 *
 * <p>Invariant: the index is a belief. Whatever it says, a block is used only after its holder has
 * handed it over and its whole hash has been compared; a wrong answer costs time and never a token.
 */
@NullMarked
package io.sampo.kvcache.index;

import org.jspecify.annotations.NullMarked;
