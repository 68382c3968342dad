package io.sampo.actors.router;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.event.Tier;
import io.sampo.kvcache.index.PrefixIndex;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * What an engine probably still has of the prompts that it was given. An engine says nothing of
 * what it gives up; but it gives up what was unused for longest, and no more than it must. So the
 * latest prompts are believed to be there, as many as the engine has room for.
 *
 * <p>Invariant: with each block all before it. A prompt's blocks are touched from its end to its
 * beginning, so that of any chain the end is the oldest.
 */
final class EngineBelief {

  private final PrefixIndex index;
  private final int holder;
  private final SequencedMap<BlockHash, Boolean> blocks = new LinkedHashMap<>(16, 0.75f, true);
  private long room;

  /** Takes a holder of the index for as long as {@link #withdraw} has not been called. */
  EngineBelief(PrefixIndex index) {
    this.index = index;
    holder = index.addHolder();
  }

  /** The engine's number in the index. */
  int holder() {
    return holder;
  }

  /** The engine has room for so many blocks. */
  void room(long ofBlocks) {
    room = ofBlocks;
    shrink();
  }

  /** The engine was given a prompt with these blocks. */
  void given(long[] hashes) {
    int count = (int) Math.min(BlockHash.count(hashes), room);
    long[] some = Arrays.copyOf(hashes, BlockHash.LONGS * count);
    for (int block = count - 1; block >= 0; block--) {
      blocks.put(BlockHash.at(some, block), true);
    }
    if (count > 0) {
      index.stored(holder, Tier.DEVICE, some, true);
      shrink();
    }
  }

  private void shrink() {
    int over = (int) Math.max(0, blocks.size() - room);
    if (over == 0) {
      return;
    }
    long[] gone = new long[BlockHash.LONGS * over];
    for (int i = 0; i < over; i++) {
      BlockHash oldest = blocks.pollFirstEntry().getKey();
      gone[BlockHash.LONGS * i] = oldest.first();
      gone[BlockHash.LONGS * i + 1] = oldest.second();
    }
    index.removed(holder, Tier.DEVICE, gone, true);
  }

  /** The engine is gone, and all that it had. */
  void withdraw() {
    index.removeHolder(holder);
  }
}
