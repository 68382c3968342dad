package io.sampo.engines.llamacpp.speculation;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which sequence has which slot of the draft model's context, and which tokens are computed there.
 *
 * <p>A sequence that ends leaves its tokens in the slot. A new one takes the free slot that holds
 * the most of its beginning, so a conversation finds its own again.
 */
final class DraftSlots {

  private final @Nullable Drafting[] users;
  private final int[][] tokens;
  private final int[] lengths;

  DraftSlots(int slots) {
    users = new Drafting[slots];
    tokens = new int[slots][0];
    lengths = new int[slots];
  }

  /** The slot of a sequence, or -1. */
  int find(Drafting sequence) {
    for (int slot = 0; slot < users.length; slot++) {
      if (sequence.equals(users[slot])) {
        return slot;
      }
    }
    return -1;
  }

  /** Gives a sequence that has none a slot; -1 when all are taken. */
  int assign(Drafting sequence) {
    int best = -1;
    for (int slot = 0; slot < users.length; slot++) {
      boolean better = best < 0 || common(slot, sequence) > common(best, sequence);
      if (users[slot] == null && better) {
        best = slot;
      }
    }
    if (best >= 0) {
      users[best] = sequence;
    }
    return best;
  }

  /** How many leading tokens of a sequence are computed in a slot; its last one is not counted. */
  int common(int slot, Drafting sequence) {
    int limit = Math.min(lengths[slot], sequence.length() - 1);
    int different = Arrays.mismatch(tokens[slot], 0, limit, sequence.tokens(), 0, limit);
    return different < 0 ? limit : different;
  }

  /** How many tokens a slot holds. */
  int length(int slot) {
    return lengths[slot];
  }

  void cut(int slot, int from) {
    lengths[slot] = from;
  }

  void append(int slot, int token) {
    if (lengths[slot] == tokens[slot].length) {
      tokens[slot] = Arrays.copyOf(tokens[slot], Math.max(256, 2 * lengths[slot]));
    }
    tokens[slot][lengths[slot]++] = token;
  }

  void free(int slot) {
    users[slot] = null;
  }
}
