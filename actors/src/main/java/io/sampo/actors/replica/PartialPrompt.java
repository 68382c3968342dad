package io.sampo.actors.replica;

import java.time.Duration;

/**
 * A prompt whose pieces are still arriving. Its array is allocated as they come, never by what a
 * message claims.
 */
final class PartialPrompt {

  private final Replica.Work work;
  private int[] ids;
  private int filled;
  private long heardNanos = System.nanoTime();

  PartialPrompt(Replica.Work work) {
    this.work = work;
    this.ids = work.promptIds().clone();
    this.filled = ids.length;
  }

  /** Whether the first piece may belong to a prompt of the length it names. */
  static boolean plausible(Replica.Work work) {
    return work.promptIds().length > 0 && work.promptIds().length < work.promptTokens();
  }

  Replica.Work work() {
    return work;
  }

  /** Takes the next piece; false when it does not continue the prompt. */
  boolean append(Replica.PromptPiece piece) {
    if (piece.offset() != filled
        || piece.ids().length == 0
        || piece.ids().length > work.promptTokens() - filled) {
      return false;
    }
    int[] grown = new int[filled + piece.ids().length];
    System.arraycopy(ids, 0, grown, 0, filled);
    System.arraycopy(piece.ids(), 0, grown, filled, piece.ids().length);
    ids = grown;
    filled = grown.length;
    heard();
    return true;
  }

  boolean complete() {
    return filled == work.promptTokens();
  }

  int[] ids() {
    return ids;
  }

  void heard() {
    heardNanos = System.nanoTime();
  }

  boolean silentSince(long nowNanos, Duration limit) {
    return nowNanos - heardNanos > limit.toNanos();
  }
}
