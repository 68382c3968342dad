package io.sampo.engines.spi;

/** What a model makes of tokens. A loaded engine does one of these. */
public enum ModelTask {
  /** Goes on with a text, by {@link Engine#submit}. */
  GENERATE,
  /** Gives each text a vector, by {@link Engine#embed}. */
  EMBED,
  /** Says how well a document answers a query, by {@link Engine#embed}: one number for a pair. */
  RANK
}
