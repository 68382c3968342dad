package io.sampo.engines.modelstore.synthetic;

/**
 * The dimensions of a network of the llama architecture, or with a window of Cohere2's; the
 * vocabulary's size comes from the vocabulary.
 *
 * @param name what it is the shape of
 * @param layers blocks
 * @param width of the residual stream; heads divide it
 * @param heads of attention
 * @param kvHeads heads of keys and values; they divide the heads
 * @param ffnWidth of the feed-forward part
 * @param contextTokens the context written into the file
 * @param ropeBase frequency base of the position encoding
 * @param tiedEmbeddings whether the output matrix is the embedding matrix, as it must be with a
 *     window
 * @param windowTokens how many tokens back three of four layers look, as Cohere2's; 0 for all
 */
public record LlamaShape(
    String name,
    int layers,
    int width,
    int heads,
    int kvHeads,
    int ffnWidth,
    int contextTokens,
    float ropeBase,
    boolean tiedEmbeddings,
    int windowTokens) {

  /** Llama-3.2-1B; meant for a vocabulary of 128256 tokens. */
  public static final LlamaShape LLAMA_3_2_1B =
      new LlamaShape("llama-3.2-1b", 16, 2048, 32, 8, 8192, 131_072, 500_000f, true, 0);

  /** Small enough to be made and loaded in each test. */
  public static final LlamaShape TINY =
      new LlamaShape("tiny", 2, 64, 4, 2, 128, 256, 10_000f, true, 0);

  /** As small, with sliding windows of 32 tokens. */
  public static final LlamaShape TINY_WINDOWED =
      new LlamaShape("tiny windowed", 4, 64, 4, 2, 128, 256, 10_000f, true, 32);

  public LlamaShape {
    if (layers < 1 || width < 1 || kvHeads < 1 || ffnWidth < 1 || contextTokens < 1) {
      throw new IllegalArgumentException("a dimension of " + name + " is not positive");
    }
    if (heads < kvHeads || width % heads != 0 || heads % kvHeads != 0) {
      throw new IllegalArgumentException("the heads of " + name + " do not divide evenly");
    }
    if (windowTokens < 0 || (windowTokens > 0 && !tiedEmbeddings)) {
      throw new IllegalArgumentException(name + " has no such window");
    }
  }

  boolean windowed() {
    return windowTokens > 0;
  }

  String architecture() {
    return windowed() ? "cohere2" : "llama";
  }

  int headWidth() {
    return width / heads;
  }

  int kvWidth() {
    return headWidth() * kvHeads;
  }
}
