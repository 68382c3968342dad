package io.sampo.actors.replica;

import org.jspecify.annotations.Nullable;

/** What a node keeps, as far as one engine can use it. Its methods return at once. */
public interface EngineKv {

  /** Keeps nothing. */
  EngineKv NONE =
      new EngineKv() {
        @Override
        public SequenceKv begin(CacheUse use, int[] prompt) {
          return SequenceKv.NONE;
        }

        @Override
        public @Nullable KvOffer offer() {
          return null;
        }
      };

  /**
   * Sets out for the KV of a sequence of the model alone, which is about to begin.
   *
   * @param prompt its tokens, but for those that it computes whatever is held; nobody changes them
   */
  SequenceKv begin(CacheUse use, int[] prompt);

  /** What the router is told; null before that is known, and where no KV leaves the engine. */
  @Nullable KvOffer offer();
}
