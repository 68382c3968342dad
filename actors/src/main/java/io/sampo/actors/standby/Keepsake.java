package io.sampo.actors.standby;

import io.sampo.actors.standby.Standby.Note;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** A record that grows with its stream, and whose it is. */
final class Keepsake {

  /** What a record costs beside its text and tokens. */
  private static final int OVERHEAD_BYTES = 400;

  /** The tokens of one answer. */
  private static final class Tokens {
    private int[] ids;
    private int count;

    Tokens(int[] ids) {
      this.ids = ids;
      this.count = ids.length;
    }

    void add(int from, int[] more) {
      if (from > count || from + more.length <= count) {
        return;
      }
      int end = from + more.length;
      if (end > ids.length) {
        ids = Arrays.copyOf(ids, Math.max(end, ids.length * 2));
      }
      System.arraycopy(more, 0, ids, from, more.length);
      count = end;
    }
  }

  private final String stream;
  private final String origin;
  private final int turn;
  private final List<Tokens> answers = new ArrayList<>();

  /** The stream's generation, here or on another gateway. */
  final ActorRef<Note> owner;

  /** Whether its generation is on this gateway. */
  final boolean own;

  /** Where a copy is; null where there is none, as of a copy. */
  @Nullable ActorRef<Standby.Command> peer;

  /** Whether its generation has ended or nobody hears it. */
  boolean resting;

  /** By {@link System#nanoTime}. */
  long expiresNanos;

  Keepsake(StreamRecord record, ActorRef<Note> owner, boolean own, long expiresNanos) {
    this.stream = record.stream();
    this.origin = record.origin();
    this.turn = record.turn();
    this.owner = owner;
    this.own = own;
    this.expiresNanos = expiresNanos;
    record.ids().forEach(ids -> answers.add(new Tokens(ids)));
  }

  /**
   * Takes an answer's tokens from this index on; what would leave a gap is refused.
   *
   * @return how many tokens of the answer are known now
   */
  int extend(int answer, int from, int[] ids) {
    while (answers.size() <= answer) {
      answers.add(new Tokens(new int[0]));
    }
    Tokens tokens = answers.get(answer);
    tokens.add(from, ids);
    return tokens.count;
  }

  /** How many tokens of each answer are known. */
  List<Integer> counts() {
    return answers.stream().map(tokens -> tokens.count).toList();
  }

  StreamRecord record() {
    return new StreamRecord(
        stream,
        origin,
        turn,
        answers.stream().map(tokens -> Arrays.copyOf(tokens.ids, tokens.count)).toList());
  }

  String stream() {
    return stream;
  }

  int turn() {
    return turn;
  }

  long bytes() {
    long tokens = answers.stream().mapToLong(one -> one.ids.length).sum();
    return OVERHEAD_BYTES + 2L * origin.length() + Integer.BYTES * tokens;
  }
}
