package io.sampo.actors.attempt;

import io.sampo.actors.replica.Replica;
import io.sampo.actors.router.Router;
import io.sampo.actors.scheduler.PlacementRequest;
import io.sampo.actors.scheduler.Scheduler;
import io.sampo.actors.wire.ReplicaId;
import io.sampo.actors.wire.SequenceKey;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/** The attempt at a sequence that is under way: which it is, where it stands, who was told what. */
public final class Attempt {

  /** Where it stands. */
  public enum Phase {
    /** Nobody was asked for anything. */
    WAITING,
    /** The router was asked for a replica. */
    PLACING,
    /** A replica was asked to start, and has not said that it begun. */
    STARTING,
    /** The replica has begun. */
    RUNNING,
    /** The last attempt failed; the next one waits a moment. */
    PAUSING,
    /** There is nothing left to do. */
    ENDED
  }

  /** Ids in one message to a replica, well below the frame limit of the cluster's transport. */
  public static final int PIECE_TOKENS = 16_384;

  private final String owner;
  private final int number;
  private final Consumer<Router.Command> router;
  private Phase phase = Phase.WAITING;
  private int epoch;
  private int losses;
  private @Nullable ActorRef<Replica.Command> replica;
  private @Nullable ReplicaId replicaId;
  private long askedNanos;
  private long heardNanos;

  /**
   * @param owner names the request among messages
   * @param number of the sequence among the request's
   * @param router delivers a message to the router of the request's model
   */
  public Attempt(String owner, int number, Consumer<Router.Command> router) {
    this.owner = owner;
    this.number = number;
    this.router = router;
  }

  public SequenceKey key() {
    return new SequenceKey(owner, number, epoch);
  }

  public Phase phase() {
    return phase;
  }

  public boolean ended() {
    return phase == Phase.ENDED;
  }

  /** Whether a message is about the attempt that is under way. */
  public boolean current(SequenceKey key) {
    return key.epoch() == epoch && !ended();
  }

  /** Asks for a replica; may be repeated. */
  public void place(PlacementRequest request) {
    phase = Phase.PLACING;
    askedNanos = System.nanoTime();
    router.accept(new Router.Place(request));
  }

  /**
   * Starts on the replica that was found.
   *
   * @param place the booked one
   * @param ids the prompt
   * @param work what to ask for, with the first of these ids; the others follow in pieces
   */
  public void start(Scheduler.Assigned place, int[] ids, Function<int[], Replica.Work> work) {
    ActorRef<Replica.Command> found = place.ref();
    phase = Phase.STARTING;
    replicaId = place.replica();
    replica = found;
    heardNanos = System.nanoTime();
    int first = Math.min(PIECE_TOKENS, ids.length);
    found.tell(work.apply(first == ids.length ? ids : Arrays.copyOf(ids, first)));
    for (int from = first; from < ids.length; from += PIECE_TOKENS) {
      int to = Math.min(ids.length, from + PIECE_TOKENS);
      found.tell(new Replica.PromptPiece(key(), from, Arrays.copyOfRange(ids, from, to)));
    }
  }

  /** The replica has begun. */
  public void running() {
    phase = Phase.RUNNING;
  }

  /** The replica has said something. */
  public void heard() {
    heardNanos = System.nanoTime();
  }

  /** Lets the replica, if there is one, compute tokens up to this index. */
  public void allow(int tokenLimit) {
    if (replica != null) {
      replica.tell(new Replica.Allow(key(), tokenLimit));
    }
  }

  /** Tells the replica, if there is one, that the sequence is still wanted. */
  public void beat() {
    if (replica != null && !ended()) {
      replica.tell(new Replica.GenerationAlive(key()));
    }
  }

  /** Whether the replica was not heard of for longer than this. */
  public boolean silent(long nowNanos, long limitNanos) {
    return (phase == Phase.STARTING || phase == Phase.RUNNING)
        && nowNanos - heardNanos > limitNanos;
  }

  /** Tells the router that the replica has fallen silent, so that it places nothing there. */
  public void doubt() {
    if (replicaId != null) {
      router.accept(new Router.ReplicaDoubted(replicaId));
    }
  }

  /** Whether the router has left the question for a replica unanswered for longer than this. */
  public boolean unplaced(long nowNanos, long limitNanos) {
    return phase == Phase.PLACING && nowNanos - askedNanos > limitNanos;
  }

  /** Counts an attempt that was lost after its replica had taken it; how many there were. */
  public int lost() {
    return ++losses;
  }

  /** Gives this attempt up; the next one has another key. */
  public void giveUp() {
    leave();
    epoch++;
    phase = Phase.PAUSING;
    replica = null;
  }

  /** The replica has ended the sequence itself and needs to hear no more of it. */
  public void finished() {
    replica = null;
  }

  /** Lets go of the sequence for good. */
  public void end() {
    leave();
    phase = Phase.ENDED;
  }

  /**
   * Frees the sequence's place, also where it only waits for one. A replica that has ended it
   * already ignores this.
   */
  public void leave() {
    if (phase == Phase.WAITING || ended()) {
      return;
    }
    if (replica != null) {
      replica.tell(new Replica.Cancel(key()));
    }
    router.accept(new Router.Release(key()));
  }
}
