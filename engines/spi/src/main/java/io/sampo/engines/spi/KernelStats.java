package io.sampo.engines.spi;

/**
 * What an engine's own CPU kernels have taken over of a model from the library that runs it.
 *
 * @param variant which of them, by the instructions they use; empty where there are none
 * @param matrices weight matrices that they multiply
 * @param fileBytes what these take in the model's file
 * @param packedBytes what they take in memory, in the kernels' own layout
 */
public record KernelStats(String variant, long matrices, long fileBytes, long packedBytes) {

  /** Nothing. */
  public static final KernelStats NONE = new KernelStats("", 0, 0, 0);
}
