package io.sampo.actors.generation;

import io.sampo.actors.generation.GenerationEvent.Delta;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * Who hears a request's events.
 *
 * @param ref is told them, at the cost of credit
 * @param shortcut may carry deltas past {@code ref}
 */
public record Reader(ActorRef<GenerationEvent> ref, Shortcut shortcut) {

  /**
   * A way past the reader's mailbox: the generation's own thread brings a delta where it is to go.
   * For an answer of one stream that is most of what a token costs.
   */
  @FunctionalInterface
  public interface Shortcut {

    /** Carries nothing. */
    Shortcut NONE = (delta, told) -> false;

    /**
     * Carries a delta at once, at no cost of credit. Called by one thread at a time; must not
     * block.
     *
     * @param told how many events that cost credit the reader was told before; the delta comes
     *     after all of them
     * @return false when it has to be told; nothing of it was carried then
     */
    boolean carry(Delta delta, long told);
  }

  /** A reader that is told everything. */
  public Reader(ActorRef<GenerationEvent> ref) {
    this(ref, Shortcut.NONE);
  }

  void tell(GenerationEvent event) {
    ref.tell(event);
  }
}
