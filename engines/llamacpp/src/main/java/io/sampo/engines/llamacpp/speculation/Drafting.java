package io.sampo.engines.llamacpp.speculation;

import io.sampo.engines.spi.Sampling;

/** What speculation sees of a sequence. */
public interface Drafting {

  /** Prompt and answer so far; only the first {@link #length} count. */
  int[] tokens();

  int length();

  /** The index in the answer of the token that comes next. */
  int nextIndex();

  /** How many of the tokens behind {@link #length} are known to come next. */
  int recitedTokens();

  Sampling sampling();

  /** Whether the next step computes one token of its answer, after which drafted ones may come. */
  boolean decodes();

  /** How many tokens beyond the next one its limits allow; meaningful while it {@link #decodes}. */
  int tokensAllowed();

  Draft draft();
}
