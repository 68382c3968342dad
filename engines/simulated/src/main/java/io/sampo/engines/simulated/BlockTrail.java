package io.sampo.engines.simulated;

import io.sampo.engines.simulated.model.SimulatedModel;
import java.util.Arrays;

/**
 * The blocks of a text that grows. Each has a key, which follows from the tokens up to its end and
 * nothing else, and a state, which is what the engine holds as its KV: the same, unless it came
 * from outside and is wrong. Then every token that follows is wrong as well, as it would be with a
 * real model.
 */
final class BlockTrail {

  private final long begin;
  private long key;
  private long state;
  private int tokens;
  private long[] keys = new long[4];
  private long[] states = new long[4];

  BlockTrail(SimulatedModel model) {
    begin = model.begin();
    key = begin;
    state = begin;
  }

  /** The trail of the first tokens of a text. */
  static BlockTrail of(SimulatedModel model, int[] ids, int length) {
    BlockTrail trail = new BlockTrail(model);
    for (int i = 0; i < length; i++) {
      trail.add(ids[i]);
    }
    return trail;
  }

  void add(int token) {
    boolean right = key == state;
    key = SimulatedModel.extend(key, token);
    state = right ? key : SimulatedModel.extend(state, token);
    tokens++;
    if (tokens % RetainedPrefixes.BLOCK_TOKENS == 0) {
      int block = blocks() - 1;
      if (block == keys.length) {
        keys = Arrays.copyOf(keys, 2 * block);
        states = Arrays.copyOf(states, 2 * block);
      }
      keys[block] = key;
      states[block] = state;
    }
  }

  /** The trail of the same text whose first blocks have these states. */
  BlockTrail resumed(SimulatedModel model, int[] ids, long[] held) {
    BlockTrail resumed = new BlockTrail(model);
    resumed.keys = keys.clone();
    resumed.states = states.clone();
    System.arraycopy(held, 0, resumed.states, 0, held.length);
    resumed.tokens = held.length * RetainedPrefixes.BLOCK_TOKENS;
    resumed.key = keys[held.length - 1];
    resumed.state = held[held.length - 1];
    for (int i = resumed.tokens; i < tokens; i++) {
      resumed.add(ids[i]);
    }
    return resumed;
  }

  /** What is held as the KV of all tokens. */
  long state() {
    return state;
  }

  /** Whole ones. */
  int blocks() {
    return tokens / RetainedPrefixes.BLOCK_TOKENS;
  }

  long key(int block) {
    return keys[block];
  }

  long state(int block) {
    return states[block];
  }

  /** What is held before a block. */
  long before(int block) {
    return block == 0 ? begin : states[block - 1];
  }
}
