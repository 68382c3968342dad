package io.sampo.kvcache.restore;

import io.sampo.kvcache.block.KvChain;
import java.util.concurrent.CompletableFuture;

/** An engine, as far as it takes in the KV of one text. Its methods return at once. */
public interface Target {

  /** How many leading tokens of the text it holds, when it turns to the question. */
  CompletableFuture<Integer> held();

  /**
   * Takes in blocks, in the order in which it is asked to. They are used until the answer is there.
   *
   * @return how many leading tokens up to the chain's end it holds then
   */
  CompletableFuture<Integer> take(KvChain chain);
}
