package io.sampo.actors.replica;

import java.util.concurrent.CompletableFuture;

/** The KV of one sequence on its way between its node and its engine. */
public interface SequenceKv {

  /** Nothing comes, nothing is taken. */
  SequenceKv NONE =
      new SequenceKv() {
        @Override
        public CompletableFuture<Void> ready() {
          return CompletableFuture.completedFuture(null);
        }

        @Override
        public void computed(int[] tokens) {}
      };

  /**
   * When the engine can be given the sequence, within a bounded time; never a failure. Whoever
   * cancels it does not want the sequence any more. What came by then saves computing it and
   * changes nothing else.
   */
  CompletableFuture<Void> ready();

  /**
   * The engine has computed these tokens, or most of them, and still holds them for a while: the
   * node may take their KV, some time later. Returns at once.
   *
   * @param tokens from the beginning; nobody changes them
   */
  void computed(int[] tokens);
}
