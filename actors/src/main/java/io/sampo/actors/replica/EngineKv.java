package io.sampo.actors.replica;

/** What a node keeps, as far as one engine can use it. Its methods return at once. */
public interface EngineKv {

  /** Keeps nothing. */
  EngineKv NONE = (_, _) -> SequenceKv.NONE;

  /**
   * Sets out for the KV of a sequence of the model alone, which is about to begin.
   *
   * @param prompt its tokens, but for those that it computes whatever is held; nobody changes them
   */
  SequenceKv begin(CacheUse use, int[] prompt);
}
