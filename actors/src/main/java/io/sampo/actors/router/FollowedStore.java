package io.sampo.actors.router;

import io.sampo.actors.holder.Holder;
import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.event.BlockEvent;
import io.sampo.kvcache.event.BlockSnapshot;
import io.sampo.kvcache.event.Tier;
import io.sampo.kvcache.index.HolderFeed;
import io.sampo.kvcache.index.PrefixIndex;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * A node's store as the index knows it: asks its {@link Holder} what happened since, again and
 * again, and for all of it piece by piece where that is not to be had. There is one open question
 * at a time; one that is not answered may be lost and is asked again by {@link #askAgain}.
 */
final class FollowedStore {

  /** So many events may wait for a snapshot. */
  private static final int MAX_KEPT = 1000;

  private static final int NONE = -1;

  private final ActorRef<Holder.Command> holder;
  private final ActorRef<Holder.Told> self;
  private final HolderFeed feed;
  private final int maxBlocks;
  private @Nullable Gathering gathering;
  private long epoch = NONE;
  private long next;
  private long askedNanos;

  /**
   * Takes a holder of the index, and asks.
   *
   * @param self where answers go
   * @param maxBlocks no more of a snapshot is believed
   */
  FollowedStore(
      PrefixIndex index,
      ActorRef<Holder.Command> holder,
      ActorRef<Holder.Told> self,
      int maxBlocks,
      long nowNanos) {
    this.holder = holder;
    this.self = self;
    this.maxBlocks = maxBlocks;
    feed = new HolderFeed(index, MAX_KEPT);
    follow(nowNanos);
  }

  /** The store's number in the index. */
  int holder() {
    return feed.holder();
  }

  void take(Holder.Told told, long nowNanos) {
    switch (told) {
      case Holder.Happened happened -> onHappened(happened, nowNanos);
      case Holder.Piece piece -> onPiece(piece, nowNanos);
    }
  }

  private void onHappened(Holder.Happened happened, long nowNanos) {
    boolean lost = false;
    for (BlockEvent event : happened.events()) {
      lost |= feed.take(event);
      epoch = event.epoch();
      next = event.number() + 1;
    }
    if (lost) {
      epoch = NONE;
    }
    if (gathering == null) {
      follow(nowNanos);
    }
  }

  private void onPiece(Holder.Piece piece, long nowNanos) {
    if (piece.piece() == 0) {
      gathering = new Gathering(piece);
    }
    if (gathering == null || !gathering.take(piece, maxBlocks)) {
      return;
    }
    if (piece.piece() < piece.pieces() - 1) {
      askedNanos = nowNanos;
      holder.tell(new Holder.More(self, piece.epoch(), piece.next(), piece.piece() + 1));
      return;
    }
    boolean lost = feed.take(gathering.snapshot());
    gathering = null;
    epoch = lost ? NONE : piece.epoch();
    next = piece.next();
    follow(nowNanos);
  }

  private void follow(long nowNanos) {
    askedNanos = nowNanos;
    holder.tell(new Holder.Follow(self, epoch, next));
  }

  /** Asks once more if nothing was heard for so long; to ask twice does no harm. */
  void askAgain(long nowNanos, long afterNanos) {
    if (nowNanos - askedNanos > afterNanos) {
      gathering = null;
      follow(nowNanos);
    }
  }

  /** The node is gone: forgets all of it. */
  void withdraw() {
    feed.withdraw();
  }

  /** A snapshot of which some pieces are here. */
  private static final class Gathering {

    private final Holder.Piece first;
    private final Map<Tier, long[]> hashes = new EnumMap<>(Tier.class);
    private int taken;
    private int blocks;
    private boolean whole = true;

    Gathering(Holder.Piece first) {
      this.first = first;
    }

    /** False for one that is not the next one of this snapshot. */
    boolean take(Holder.Piece piece, int maxBlocks) {
      if (piece.piece() != taken
          || piece.epoch() != first.epoch()
          || piece.next() != first.next()) {
        return false;
      }
      taken++;
      int count = Math.min(BlockHash.count(piece.hashes()), maxBlocks - blocks);
      whole &= count == BlockHash.count(piece.hashes());
      blocks += count;
      hashes.merge(
          piece.tier(),
          Arrays.copyOf(piece.hashes(), count * BlockHash.LONGS),
          FollowedStore::joined);
      return true;
    }

    BlockSnapshot snapshot() {
      return new BlockSnapshot(first.epoch(), first.next(), first.closed() && whole, hashes);
    }
  }

  private static long[] joined(long[] some, long[] more) {
    long[] all = Arrays.copyOf(some, some.length + more.length);
    System.arraycopy(more, 0, all, some.length, more.length);
    return all;
  }
}
