package io.sampo.cluster.gateway.http;

import java.time.Duration;
import org.apache.pekko.Done;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.BidiShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * Sits between HTTP and the socket and does two things for what is written.
 *
 * <p>What the kernel takes at once is written here, on the stream's own thread: the way through
 * Pekko's connection actor and back costs three changes of thread, which for a token is most of its
 * cost. The rest goes that way, and all that follows until the actor has written it; so does what
 * the kernel did not take of what came by the {@link SocketLane}.
 *
 * <p>When the socket has taken nothing for too long though something waits, the connection is cut.
 * A peer that is alive but does not read keeps TCP content for ever; without this its connection
 * and its buffers would never come back.
 *
 * <p>Invariant: bytes are written here only while the connection actor has nothing left to write,
 * which is when it asks for more. That holds only where Pekko's own write buffer is switched off.
 */
public final class SocketWriter
    extends GraphStage<BidiShape<ByteString, ByteString, ByteString, ByteString>> {

  /** The peer took nothing for too long. */
  public static final class PeerStalled extends RuntimeException {
    PeerStalled() {
      super("The peer stopped reading", null, false, false);
    }
  }

  private final Inlet<ByteString> answerIn = Inlet.create("SocketWriter.answerIn");
  private final Outlet<ByteString> socketOut = Outlet.create("SocketWriter.socketOut");
  private final Inlet<ByteString> socketIn = Inlet.create("SocketWriter.socketIn");
  private final Outlet<ByteString> requestOut = Outlet.create("SocketWriter.requestOut");
  private final BidiShape<ByteString, ByteString, ByteString, ByteString> shape =
      new BidiShape<>(answerIn, socketOut, socketIn, requestOut);
  private final SocketLane lane;
  private final Duration timeout;

  /**
   * Makes the stage of one connection.
   *
   * @param lane into the connection's socket
   * @param timeout how long the socket may take nothing of what waits
   */
  public SocketWriter(SocketLane lane, Duration timeout) {
    this.lane = lane;
    this.timeout = timeout;
  }

  @Override
  public BidiShape<ByteString, ByteString, ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private boolean waiting;
    private long since;

    Logic() {
      super(shape);
      setHandler(
          answerIn,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              write(grab(answerIn));
            }

            @Override
            public void onUpstreamFinish() {
              write(ByteString.emptyByteString());
              complete(socketOut);
            }
          });
      setHandler(
          socketOut,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              waiting = false;
              allWritten();
            }

            @Override
            public void onDownstreamFinish(Throwable cause) {
              cancel(answerIn, cause);
            }
          });
      setHandler(
          socketIn,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              push(requestOut, grab(socketIn));
            }

            @Override
            public void onUpstreamFinish() {
              complete(requestOut);
            }
          });
      setHandler(
          requestOut,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              pull(socketIn);
            }

            @Override
            public void onDownstreamFinish(Throwable cause) {
              cancel(socketIn, cause);
            }
          });
    }

    @Override
    public void preStart() {
      AsyncCallback<Done> rest = createAsyncCallback(_ -> write(ByteString.emptyByteString()));
      lane.onRest(() -> rest.invoke(Done.getInstance()));
    }

    private void write(ByteString bytes) {
      ByteString unwritten = lane.takeRest().concat(bytes);
      if (!waiting) {
        unwritten = unwritten.drop(lane.write(unwritten));
      }
      if (!unwritten.isEmpty()) {
        leave(unwritten);
      } else if (!waiting) {
        allWritten();
      }
    }

    private void allWritten() {
      lane.unblock();
      if (!hasBeenPulled(answerIn)) {
        tryPull(answerIn);
      }
    }

    /** Leaves bytes to the connection actor; beside a rest from the lane that is one answer's. */
    private void leave(ByteString bytes) {
      if (!waiting) {
        waiting = true;
        since = System.nanoTime();
      }
      if (!isTimerActive("stalled")) {
        scheduleOnce("stalled", timeout);
      }
      emit(socketOut, bytes);
    }

    /** The timer is not moved for every write; it looks at the clock when it fires. */
    @Override
    public void onTimer(Object key) {
      if (!waiting) {
        return;
      }
      Duration left = timeout.minusNanos(System.nanoTime() - since);
      if (left.isPositive()) {
        scheduleOnce("stalled", left);
      } else {
        failStage(new PeerStalled());
      }
    }
  }
}
