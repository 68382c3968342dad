package io.sampo.engines.modelstore.synthetic;

import io.sampo.engines.modelstore.gguf.Pooling;

/**
 * The dimensions of a network of the bert architecture.
 *
 * @param layers blocks
 * @param width of the residual stream; heads divide it
 * @param heads of attention
 * @param ffnWidth of the feed-forward part
 * @param contextTokens the longest input
 * @param pooling what it gives for an input; RANK brings a head that makes one score
 */
public record EncoderShape(
    int layers, int width, int heads, int ffnWidth, int contextTokens, Pooling pooling) {

  public EncoderShape {
    if (layers < 1 || width < 1 || ffnWidth < 1 || contextTokens < 1) {
      throw new IllegalArgumentException("a dimension is not positive");
    }
    if (heads < 1 || width % heads != 0) {
      throw new IllegalArgumentException("the heads do not divide the width");
    }
  }

  /** Small enough to be made and loaded in each test. */
  public static EncoderShape tiny(Pooling pooling) {
    return new EncoderShape(2, 64, 4, 128, 64, pooling);
  }
}
