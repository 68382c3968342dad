package io.sampo.kvcache.restore;

/**
 * What a sequence lacks.
 *
 * @param held how many leading blocks the engine is known to hold, 0 where nothing is known
 * @param blocks how many whole blocks the text has
 * @param blockBytes bytes of each
 * @param blockMillis what computing one of them takes; 0 where that is not known yet
 */
public record Need(int held, int blocks, int blockBytes, double blockMillis) {

  public Need {
    if (held < 0 || blocks < 0 || blockBytes <= 0 || !(blockMillis >= 0)) {
      throw new IllegalArgumentException(
          "%d of %d blocks of %d bytes, %f ms each"
              .formatted(held, blocks, blockBytes, blockMillis));
    }
  }
}
