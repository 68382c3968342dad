package io.sampo.kvcache.restore;

import org.jspecify.annotations.Nullable;

/**
 * What a source has of a text.
 *
 * @param blocks how many, from the first on
 * @param speed how fast it is, where somebody has measured it apart from restores; null for what
 *     restores from it have shown
 */
public record Offer(Source source, int blocks, @Nullable Speed speed) {

  /** An offer of a source whose restores show how fast it is. */
  public Offer(Source source, int blocks) {
    this(source, blocks, null);
  }
}
