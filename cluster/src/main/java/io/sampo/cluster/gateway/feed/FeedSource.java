package io.sampo.cluster.gateway.feed;

import io.sampo.actors.holder.Holder;
import io.sampo.kvcache.event.BlockEvent;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SourceShape;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;
import scala.runtime.BoxedUnit;

/**
 * The events of a store for one client, from a position on, without an end.
 *
 * <p>Invariant: no more than one answer of the holder is here, and the holder is asked for the next
 * one only when the client has taken all of it.
 */
final class FeedSource extends GraphStage<SourceShape<ByteString>> {

  /** A holder that was asked by very many since may have forgotten that this one waits. */
  private static final Duration ASK_AGAIN = Duration.ofSeconds(10);

  private final Outlet<ByteString> out = Outlet.create("Feed.out");
  private final SourceShape<ByteString> shape = SourceShape.of(out);
  private final ActorRef<Holder.Command> holder;
  private final FeedPosition from;
  private final FeedEvents events;
  private final CompletableFuture<Void> over;

  /**
   * @param over completed when the client is gone
   */
  FeedSource(
      ActorRef<Holder.Command> holder,
      FeedPosition from,
      FeedEvents events,
      CompletableFuture<Void> over) {
    this.holder = holder;
    this.from = from;
    this.events = events;
    this.over = over;
  }

  @Override
  public SourceShape<ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private final Deque<ByteString> told = new ArrayDeque<>();
    private FeedPosition at = from;

    /** The piece that comes next of a snapshot; null where none is being told. */
    private Holder.@Nullable More more;

    private boolean asked;

    Logic() {
      super(shape);
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              emit();
            }
          });
    }

    @Override
    public void preStart() {
      getStageActor(this::onMessage);
      scheduleWithFixedDelay("ask again", ASK_AGAIN, ASK_AGAIN);
    }

    private BoxedUnit onMessage(Tuple2<org.apache.pekko.actor.ActorRef, Object> received) {
      switch (received._2()) {
        case Holder.Happened happened -> happened.events().forEach(this::onEvent);
        case Holder.Piece piece -> onPiece(piece);
        default -> {}
      }
      asked = false;
      emit();
      return BoxedUnit.UNIT;
    }

    private void onEvent(BlockEvent event) {
      // An answer to a question that was asked twice tells nothing new.
      if (event.epoch() == at.epoch() && event.number() == at.next() && more == null) {
        at = new FeedPosition(event.epoch(), event.number() + 1);
        told.add(events.happened(event));
      }
    }

    private void onPiece(Holder.Piece piece) {
      int due = more == null ? 0 : more.piece();
      if (piece.piece() != due && piece.piece() != 0) {
        return;
      }
      told.add(events.piece(piece));
      boolean last = piece.piece() == piece.pieces() - 1;
      at = new FeedPosition(piece.epoch(), piece.next());
      more =
          last ? null : new Holder.More(follower(), piece.epoch(), piece.next(), piece.piece() + 1);
    }

    private ActorRef<Holder.Told> follower() {
      return Adapter.toTyped(stageActor().ref());
    }

    private void emit() {
      if (!isAvailable(out)) {
        return;
      }
      ByteString next = told.poll();
      if (next != null) {
        push(out, next);
      } else if (!asked) {
        ask();
      }
    }

    private void ask() {
      asked = true;
      holder.tell(more != null ? more : new Holder.Follow(follower(), at.epoch(), at.next()));
    }

    @Override
    public void onTimer(Object key) {
      if (asked) {
        ask();
      }
    }

    @Override
    public void postStop() {
      over.complete(null);
    }
  }
}
