package io.sampo.actors.embedding;

import io.sampo.actors.replica.Replica;
import io.sampo.actors.wire.SequenceKey;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** A run of a request's inputs that are computed together, and the attempt that is under way. */
final class Part {

  /** Where a part stands. */
  enum Phase {
    /** Others have their turn first. */
    WAITING,
    /** The router was asked for a replica. */
    PLACING,
    /** A replica was asked to compute it. */
    RUNNING,
    /** The last attempt failed; the next one waits a moment. */
    PAUSING,
    /** All vectors are there. */
    ENDED
  }

  private final String request;
  private final int number;
  private final int firstInput;
  private final List<int[]> inputs;
  private Phase phase = Phase.WAITING;
  private int epoch;
  private int losses;
  private @Nullable ActorRef<Replica.Command> replica;
  private long askedNanos;
  private long heardNanos;

  private Part(String request, int number, int firstInput, List<int[]> inputs) {
    this.request = request;
    this.number = number;
    this.firstInput = firstInput;
    this.inputs = inputs;
  }

  /**
   * Cuts inputs into parts, in order. An input that is too long for a part of several is one by
   * itself.
   */
  static List<Part> of(String request, List<int[]> inputs, int maxInputs, int maxTokens) {
    List<Part> parts = new ArrayList<>();
    int from = 0;
    long tokens = 0;
    for (int i = 0; i < inputs.size(); i++) {
      int length = inputs.get(i).length;
      if (i > from && (i - from == maxInputs || tokens + length > maxTokens)) {
        parts.add(new Part(request, parts.size(), from, inputs.subList(from, i)));
        from = i;
        tokens = 0;
      }
      tokens += length;
    }
    parts.add(new Part(request, parts.size(), from, inputs.subList(from, inputs.size())));
    return parts;
  }

  SequenceKey key() {
    return new SequenceKey(request, number, epoch);
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

  /** The index in the whole request of its first input. */
  int firstInput() {
    return firstInput;
  }

  int size() {
    return inputs.size();
  }

  /** The index in the whole request of its longest input. */
  int longestInput() {
    return firstInput
        + IntStream.range(0, inputs.size())
            .reduce(0, (a, b) -> inputs.get(b).length > inputs.get(a).length ? b : a);
  }

  /** The context it needs. */
  int longestTokens() {
    return inputs.get(longestInput() - firstInput).length;
  }

  int[] ids() {
    return inputs.stream().flatMapToInt(IntStream::of).toArray();
  }

  int[] lengths() {
    return inputs.stream().mapToInt(input -> input.length).toArray();
  }

  @Nullable ActorRef<Replica.Command> replica() {
    return replica;
  }

  void placing(long nowNanos) {
    phase = Phase.PLACING;
    askedNanos = nowNanos;
  }

  void running(ActorRef<Replica.Command> found, long nowNanos) {
    phase = Phase.RUNNING;
    replica = found;
    heardNanos = nowNanos;
  }

  void heard(long nowNanos) {
    heardNanos = nowNanos;
  }

  boolean silent(long nowNanos, long limitNanos) {
    return phase == Phase.RUNNING && nowNanos - heardNanos > limitNanos;
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
  int lost() {
    return ++losses;
  }

  void end() {
    phase = Phase.ENDED;
  }
}
