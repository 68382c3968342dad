package io.sampo.cluster.gateway.http;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpProtocols;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.jspecify.annotations.Nullable;

/**
 * The exchanges of one connection, one after the other.
 *
 * <p>A client that leaves shows only as the end of what is read from it, and the socket is read
 * only while somebody asks for more. So the next request is always asked for, also while an answer
 * is being made; one that comes early waits here. An end that is read while an answer is being made
 * means that nobody waits for it, also when the client closed its own direction only. Only where a
 * request asks to close and its body came after its head the end tells nothing: the HTTP layer
 * itself reads no further then, and a client that leaves shows when it cannot be written to.
 *
 * <p>A connection on which no request begins for too long is closed. When the end of requests comes
 * from this server, which stops, what is being answered is still answered.
 */
public final class ExchangeStage extends GraphStage<FlowShape<HttpRequest, HttpResponse>> {

  private final Inlet<HttpRequest> in = Inlet.create("Exchanges.in");
  private final Outlet<HttpResponse> out = Outlet.create("Exchanges.out");
  private final FlowShape<HttpRequest, HttpResponse> shape = FlowShape.of(in, out);
  private final String client;
  private final SocketLane lane;
  private final BooleanSupplier stopping;
  private final Function<Exchange, CompletionStage<HttpResponse>> dispatcher;
  private final Duration firstRequest;
  private final Duration nextRequest;

  /**
   * Makes the stage of a connection.
   *
   * @param client its other end
   * @param lane into its socket
   * @param stopping whether requests may end because this server stops and not because the client
   *     has left; then the last answer is still sent
   * @param dispatcher answers a request; never throws and its stage never fails
   * @param firstRequest the longest a new connection may take to bring a whole request head
   * @param nextRequest the same after an answer
   */
  public ExchangeStage(
      InetSocketAddress client,
      SocketLane lane,
      BooleanSupplier stopping,
      Function<Exchange, CompletionStage<HttpResponse>> dispatcher,
      Duration firstRequest,
      Duration nextRequest) {
    this.client = client.getAddress().getHostAddress();
    this.lane = lane;
    this.stopping = stopping;
    this.dispatcher = dispatcher;
    this.firstRequest = firstRequest;
    this.nextRequest = nextRequest;
  }

  @Override
  public FlowShape<HttpRequest, HttpResponse> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private final AsyncCallback<HttpResponse> answered = createAsyncCallback(this::onAnswered);
    private final AsyncCallback<Consumer<Materializer>> tasks =
        createAsyncCallback(task -> task.accept(subFusingMaterializer()));
    private final AsyncCallback<Exchange> ended = createAsyncCallback(this::onEnded);
    private @Nullable Exchange current;
    private @Nullable HttpRequest early;
    private @Nullable HttpResponse unsent;
    private @Nullable Exchange previous;

    Logic() {
      super(shape);
      setHandler(
          in,
          new AbstractInHandler() {
            @Override
            public void onPush() {
              onRequest(grab(in));
            }

            @Override
            public void onUpstreamFinish() {
              onClientGone();
            }
          });
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              send();
            }
          });
    }

    @Override
    public void preStart() {
      pull(in);
      scheduleOnce("silent", firstRequest);
    }

    private void onRequest(HttpRequest request) {
      if (current != null) {
        early = request;
        return;
      }
      cancelTimer("silent");
      Exchange exchange = new Exchange(request, client, tasks::invoke, lane);
      current = exchange;
      dispatcher.apply(exchange).thenAccept(answered::invoke);
      if (!isClosed(in)) {
        pull(in);
      }
    }

    private void onAnswered(HttpResponse response) {
      unsent = response;
      send();
    }

    private void send() {
      Exchange exchange = current;
      if (unsent == null || exchange == null || !isAvailable(out)) {
        return;
      }
      exchange.send(unsent);
      push(out, unsent);
      unsent = null;
      exchange.lastByte().whenComplete((_, _) -> ended.invoke(exchange));
    }

    private void onEnded(Exchange exchange) {
      current = null;
      previous = exchange;
      HttpRequest next = early;
      early = null;
      if (next != null) {
        onRequest(next);
      } else if (isClosed(in)) {
        completeStage();
      } else {
        scheduleOnce("silent", nextRequest);
      }
    }

    private void onClientGone() {
      if (current == null) {
        completeStage();
      } else if (!stopping.getAsBoolean() && !isReadNoFurther(current.request())) {
        early = null;
        current.clientLeft();
      }
    }

    private static boolean isReadNoFurther(HttpRequest request) {
      String connection = request.getHeader("connection").map(HttpHeader::value).orElse("");
      boolean closes =
          request.protocol().equals(HttpProtocols.HTTP_1_0)
              ? !connection.equalsIgnoreCase("keep-alive")
              : connection.toLowerCase(Locale.ROOT).contains("close");
      return closes && !request.entity().isStrict();
    }

    @Override
    public void onTimer(Object key) {
      completeStage();
    }

    @Override
    public void postStop() {
      if (current != null) {
        current.clientLeft();
        current.over();
      }
      if (previous != null) {
        previous.over();
      }
    }
  }
}
