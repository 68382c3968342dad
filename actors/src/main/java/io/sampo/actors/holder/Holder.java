package io.sampo.actors.holder;

import io.sampo.actors.wire.WireMessage;
import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.event.BlockEvent;
import io.sampo.kvcache.event.BlockSnapshot;
import io.sampo.kvcache.event.Tier;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractMatchingBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Answers for the block store of a node: what it holds, and what changes in it. Owns the questions
 * that wait for something to happen, one of each follower, and the snapshots that are being
 * fetched.
 */
public final class Holder extends AbstractMatchingBehavior<Holder.Command> {

  /** Blocks in one answer; well below the frame limit of the cluster's transport. */
  static final int MAX_BLOCKS = BlockEvent.MAX_BLOCKS;

  /** Those who have not come back for longest are forgotten first; they ask again. */
  private static final int MAX_FOLLOWERS = 256;

  private static final int MAX_SNAPSHOTS = 4;

  public sealed interface Command {}

  /**
   * Wants to hear what happens from this event on; answered once, when something has. A newer
   * question of the same follower takes the place of an older one.
   *
   * @param epoch of the events that the follower knows; negative for none
   * @param next the number of the first one that he does not
   */
  public record Follow(ActorRef<Told> follower, long epoch, long next)
      implements Command, WireMessage {}

  /** Wants another piece of a snapshot; where that is gone, a new one begins. */
  public record More(ActorRef<Told> follower, long epoch, long next, int piece)
      implements Command, WireMessage {}

  private enum News implements Command {
    NEWS
  }

  /** What a follower hears. */
  public sealed interface Told extends WireMessage {
    ActorRef<Command> holder();
  }

  /** This happened, in this order. */
  public record Happened(ActorRef<Command> holder, List<BlockEvent> events) implements Told {}

  /**
   * A part of all that the store holds.
   *
   * @param epoch as in {@link BlockSnapshot}, as are {@code next} and {@code closed}
   * @param piece 0 for the first
   * @param pieces how many there are
   */
  public record Piece(
      ActorRef<Command> holder,
      long epoch,
      long next,
      boolean closed,
      int piece,
      int pieces,
      Tier tier,
      long[] hashes)
      implements Told {

    public Piece {
      if (piece < 0 || piece >= pieces || hashes.length > MAX_BLOCKS * BlockHash.LONGS) {
        throw new IllegalArgumentException(
            "piece %d of %d with %d longs".formatted(piece, pieces, hashes.length));
      }
    }
  }

  private final EventLog log;
  private final Supplier<BlockSnapshot> snapshot;
  private final Map<ActorRef<Told>, Follow> waiting = new LinkedHashMap<>();
  private final Map<ActorRef<Told>, Pieces> fetched = new LinkedHashMap<>();

  private Holder(ActorContext<Command> context, EventLog log, Supplier<BlockSnapshot> snapshot) {
    super(context);
    this.log = log;
    this.snapshot = snapshot;
    ActorRef<Command> self = context.getSelf();
    log.whenNews(() -> self.tell(News.NEWS));
  }

  /**
   * Makes the holder of a node.
   *
   * @param log of the store's events
   * @param snapshot takes one of the store, at once
   */
  public static Behavior<Command> create(EventLog log, Supplier<BlockSnapshot> snapshot) {
    return Behaviors.setup(context -> new Holder(context, log, snapshot));
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    switch (command) {
      case Follow follow -> onFollow(follow);
      case More more -> onMore(more);
      case News news -> List.copyOf(waiting.values()).forEach(this::onFollow);
    }
    return this;
  }

  private void onFollow(Follow follow) {
    List<BlockEvent> events = log.from(follow.epoch(), follow.next(), MAX_BLOCKS);
    if (events == null) {
      waiting.remove(follow.follower());
      begin(follow.follower());
    } else if (events.isEmpty()) {
      put(waiting, follow.follower(), follow, MAX_FOLLOWERS);
    } else {
      waiting.remove(follow.follower());
      follow.follower().tell(new Happened(getContext().getSelf(), events));
    }
  }

  private void begin(ActorRef<Told> follower) {
    Pieces pieces = new Pieces(snapshot.get());
    put(fetched, follower, pieces, MAX_SNAPSHOTS);
    tell(follower, pieces, 0);
  }

  private void onMore(More more) {
    Pieces pieces = fetched.get(more.follower());
    if (pieces == null || !pieces.of(more.epoch(), more.next()) || more.piece() >= pieces.count()) {
      begin(more.follower());
    } else {
      tell(more.follower(), pieces, more.piece());
    }
  }

  private void tell(ActorRef<Told> follower, Pieces pieces, int piece) {
    if (piece == pieces.count() - 1) {
      fetched.remove(follower);
    }
    follower.tell(pieces.piece(getContext().getSelf(), piece));
  }

  private static <T> void put(Map<ActorRef<Told>, T> map, ActorRef<Told> key, T value, int bound) {
    map.remove(key);
    map.put(key, value);
    if (map.size() > bound) {
      map.remove(map.keySet().iterator().next());
    }
  }

  /** A snapshot in pieces; one that is empty has one piece. */
  private static final class Pieces {

    private static final int PIECE_LONGS = MAX_BLOCKS * BlockHash.LONGS;

    private final BlockSnapshot snapshot;

    Pieces(BlockSnapshot snapshot) {
      this.snapshot = snapshot;
    }

    boolean of(long epoch, long next) {
      return snapshot.epoch() == epoch && snapshot.next() == next;
    }

    private long[] hashes(Tier tier) {
      return snapshot.hashes().getOrDefault(tier, new long[0]);
    }

    private int count(Tier tier) {
      return Math.ceilDiv(hashes(tier).length, PIECE_LONGS);
    }

    int count() {
      return Math.max(1, Arrays.stream(Tier.values()).mapToInt(this::count).sum());
    }

    Piece piece(ActorRef<Command> holder, int number) {
      int before = 0;
      for (Tier tier : Tier.values()) {
        if (number < before + count(tier)) {
          int from = (number - before) * PIECE_LONGS;
          int to = Math.min(hashes(tier).length, from + PIECE_LONGS);
          return piece(holder, number, tier, Arrays.copyOfRange(hashes(tier), from, to));
        }
        before += count(tier);
      }
      return piece(holder, number, Tier.HOST, new long[0]);
    }

    private Piece piece(ActorRef<Command> holder, int number, Tier tier, long[] hashes) {
      return new Piece(
          holder,
          snapshot.epoch(),
          snapshot.next(),
          snapshot.closed(),
          number,
          count(),
          tier,
          hashes);
    }
  }
}
