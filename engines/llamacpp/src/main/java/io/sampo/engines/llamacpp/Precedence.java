package io.sampo.engines.llamacpp;

import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who goes first, and who gives way. The more urgent sequence goes first, then the older one. Where
 * all places are taken the least urgent of those that run, of these the youngest, gives its place
 * to one that is more urgent; equals never displace each other, so two sequences cannot take a
 * place from each other in turns.
 *
 * <p>Nobody waits for good: a sequence that more urgent ones have overtaken {@link #MOST_OVERTAKEN}
 * times gets the next free place before everybody else and gives way to nobody any more.
 */
final class Precedence {

  static final int MOST_OVERTAKEN = 8;

  /** Those that wait, the next one first. */
  static final Comparator<Sequence> ORDER =
      Comparator.comparing(Precedence::yields)
          .thenComparingInt(Sequence::urgency)
          .thenComparingLong(Sequence::arrival);

  private Precedence() {}

  private static boolean yields(Sequence sequence) {
    return sequence.timesOvertaken() < MOST_OVERTAKEN;
  }

  /** The running sequence that gives way to another; null when none does. */
  static @Nullable Sequence givesWay(List<Sequence> running, Sequence to) {
    Sequence last = null;
    for (int i = 0; i < running.size(); i++) {
      Sequence sequence = running.get(i);
      boolean less = sequence.urgency() > to.urgency() && yields(sequence);
      if (less && (last == null || ORDER.compare(sequence, last) > 0)) {
        last = sequence;
      }
    }
    return last;
  }

  /** Counts that a sequence began before those waiting ones that are less urgent and could have. */
  static void overtake(List<Sequence> waiting, Sequence by) {
    for (int i = 0; i < waiting.size(); i++) {
      Sequence sequence = waiting.get(i);
      if (sequence.leader() == null && sequence.urgency() > by.urgency()) {
        sequence.overtaken();
      }
    }
  }
}
