package io.sampo.cluster.gateway.http;

import java.time.Duration;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.BidiShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * Sits between HTTP and the socket and cuts the connection when the socket has taken nothing for
 * too long though something waits to be written. A peer that is alive but does not read keeps TCP
 * content for ever; without this its connection and its buffers would never come back.
 */
public final class WriteGuard
    extends GraphStage<BidiShape<ByteString, ByteString, ByteString, ByteString>> {

  /** The peer took nothing for too long. */
  public static final class PeerStalled extends RuntimeException {
    PeerStalled() {
      super("The peer stopped reading", null, false, false);
    }
  }

  private final Inlet<ByteString> answerIn = Inlet.create("WriteGuard.answerIn");
  private final Outlet<ByteString> socketOut = Outlet.create("WriteGuard.socketOut");
  private final Inlet<ByteString> socketIn = Inlet.create("WriteGuard.socketIn");
  private final Outlet<ByteString> requestOut = Outlet.create("WriteGuard.requestOut");
  private final BidiShape<ByteString, ByteString, ByteString, ByteString> shape =
      new BidiShape<>(answerIn, socketOut, socketIn, requestOut);
  private final Duration timeout;

  public WriteGuard(Duration timeout) {
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
              waiting = true;
              since = System.nanoTime();
              if (!isTimerActive("stalled")) {
                scheduleOnce("stalled", timeout);
              }
              push(socketOut, grab(answerIn));
            }

            @Override
            public void onUpstreamFinish() {
              complete(socketOut);
            }
          });
      setHandler(
          socketOut,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              waiting = false;
              pull(answerIn);
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
