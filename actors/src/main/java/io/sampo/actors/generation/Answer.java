package io.sampo.actors.generation;

import io.sampo.actors.replica.Replica;
import io.sampo.actors.wire.SequenceKey;
import java.util.Arrays;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * One of a request's answers: the prompt it answers, what it has emitted, and the attempt that is
 * under way.
 */
final class Answer {

  /** Where an answer stands. */
  enum Phase {
    /** The router was asked for a replica. */
    PLACING,
    /** The replica was asked to start, and has not begun. */
    STARTING,
    /** The replica has begun. */
    RUNNING,
    /** The last attempt failed; the next one waits a moment. */
    PAUSING,
    /** The reader has been told the end. */
    ENDED
  }

  final PreparedPrompt prompt;
  final AnswerText text;

  /** Null where all of the text is content. */
  final @Nullable AnswerFormat format;

  final PendingDelta pending = new PendingDelta();

  /** Whether something is pending and its turn in the {@link Outbox} has not come. */
  boolean queued;

  private final String generation;
  private final int number;
  private final int choice;
  private int epoch;
  private Phase phase = Phase.PAUSING;
  private boolean begun;
  private int[] ids = new int[32];
  private int count;
  private int reasoningTokens;
  private int delivered;
  private int allowed;
  private int resumes;
  private @Nullable ActorRef<Replica.Command> replica;
  private long askedNanos;
  private long heardNanos;

  /**
   * @param number of the answer among all of the request
   * @param choice of the answer among those to the same prompt
   */
  Answer(
      String generation,
      int number,
      int choice,
      PreparedPrompt prompt,
      AnswerText text,
      @Nullable AnswerFormat format) {
    this.generation = generation;
    this.number = number;
    this.choice = choice;
    this.prompt = prompt;
    this.text = text;
    this.format = format;
  }

  SequenceKey key() {
    return new SequenceKey(generation, number, epoch);
  }

  int number() {
    return number;
  }

  int choice() {
    return choice;
  }

  Phase phase() {
    return phase;
  }

  boolean ended() {
    return phase == Phase.ENDED;
  }

  /** Whether a message is about the attempt that is under way. */
  boolean current(SequenceKey key) {
    return key.epoch() == epoch && !ended();
  }

  int count() {
    return count;
  }

  /** Counts the last emitted token as one that the model thought with. */
  void thought() {
    reasoningTokens++;
  }

  int reasoningTokens() {
    return reasoningTokens;
  }

  /** Prompt and everything emitted, which is where another replica goes on. */
  int[] continuation() {
    int[] promptIds = prompt.ids();
    if (count == 0) {
      return promptIds;
    }
    int[] joined = Arrays.copyOf(promptIds, promptIds.length + count);
    System.arraycopy(ids, 0, joined, promptIds.length, count);
    return joined;
  }

  @Nullable ActorRef<Replica.Command> replica() {
    return replica;
  }

  void placing(long nowNanos) {
    phase = Phase.PLACING;
    askedNanos = nowNanos;
  }

  /**
   * A replica was found.
   *
   * @param tokenLimit tokens it may emit before it hears more
   */
  void starting(ActorRef<Replica.Command> found, int tokenLimit, long nowNanos) {
    phase = Phase.STARTING;
    replica = found;
    allowed = tokenLimit;
    heardNanos = nowNanos;
  }

  /** A replica has begun; true when none had before. */
  boolean running(long nowNanos) {
    boolean first = !begun;
    begun = true;
    phase = Phase.RUNNING;
    heardNanos = nowNanos;
    return first;
  }

  void heard(long nowNanos) {
    heardNanos = nowNanos;
  }

  boolean silent(long nowNanos, long limitNanos) {
    return (phase == Phase.STARTING || phase == Phase.RUNNING)
        && nowNanos - heardNanos > limitNanos;
  }

  /** Whether the router has left the question for a replica unanswered for longer than this. */
  boolean unplaced(long nowNanos, long limitNanos) {
    return phase == Phase.PLACING && nowNanos - askedNanos > limitNanos;
  }

  /** Gives the attempt up; what it still says is from an old epoch. */
  void giveUp() {
    epoch++;
    phase = Phase.PAUSING;
    replica = null;
  }

  /** Counts an attempt that was lost after its replica had taken it. */
  int resumed() {
    return ++resumes;
  }

  void end() {
    phase = Phase.ENDED;
  }

  void emitted(int id) {
    if (count == ids.length) {
      ids = Arrays.copyOf(ids, count * 2);
    }
    ids[count++] = id;
  }

  void delivered(int tokens) {
    delivered += tokens;
  }

  /**
   * The new limit to tell the replica, or 0 when half a window is still open.
   *
   * @param window tokens it may run ahead of the reader
   */
  int extend(int window) {
    if (phase != Phase.RUNNING || delivered + window - allowed < window / 2) {
      return 0;
    }
    allowed = delivered + window;
    return allowed;
  }

  int delivered() {
    return delivered;
  }
}
