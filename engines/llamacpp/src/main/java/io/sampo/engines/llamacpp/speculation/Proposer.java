package io.sampo.engines.llamacpp.speculation;

import java.util.List;

/** Guesses the next tokens of sequences. Used by one thread, but for {@link #interrupt}. */
public interface Proposer extends AutoCloseable {

  /**
   * Whether guessing costs next to nothing. Then guesses are asked for at every step, also where
   * none may be taken.
   */
  boolean isFree();

  /** What one guess takes, in milliseconds, as far as it is known. */
  double millisPerToken();

  /**
   * Proposes to {@link Drafting#draft} of each sequence, whose drafts are empty.
   *
   * @param most how many tokens at most, for each sequence; 0 for one that is to be left alone
   */
  void propose(List<? extends Drafting> sequences, int[] most);

  /** A sequence has ended, or pauses; what is kept for it may go. */
  void forget(Drafting sequence);

  /** Makes what it computes end soon. For any thread, before {@link #close}. */
  void interrupt();

  @Override
  void close();
}
