package io.sampo.cluster.gateway;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.sampo.actors.admission.Admission;
import io.sampo.actors.generation.ServedModels;
import io.sampo.actors.standby.Standby;
import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.answer.Answers;
import io.sampo.cluster.gateway.answer.Embeddings;
import io.sampo.cluster.gateway.answer.OpenAnswers;
import io.sampo.cluster.gateway.answer.Resumption;
import io.sampo.cluster.gateway.decode.CallDecoder;
import io.sampo.cluster.gateway.decode.EmbeddingDecoder;
import io.sampo.cluster.gateway.feed.BlockFeed;
import io.sampo.cluster.gateway.http.AcceptedSockets;
import io.sampo.cluster.gateway.http.ExchangeStage;
import io.sampo.cluster.gateway.http.HostPolicy;
import io.sampo.cluster.gateway.http.RequestBody;
import io.sampo.cluster.gateway.http.Scope;
import io.sampo.cluster.gateway.http.SocketLane;
import io.sampo.cluster.gateway.http.SocketWriter;
import io.sampo.cluster.gateway.json.UnknownFields;
import io.sampo.ops.requests.RunningRequests;
import io.sampo.ops.web.PageFile;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.io.Inet;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SharedKillSwitch;
import org.apache.pekko.stream.TLSProtocol.SessionBytes;
import org.apache.pekko.stream.TLSProtocol.SslTlsInbound;
import org.apache.pekko.stream.TLSProtocol.SslTlsOutbound;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.TLSPlacebo;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.stream.scaladsl.TcpAttributes;
import org.apache.pekko.util.ByteString;

/**
 * The running HTTP endpoint. Each connection is socket, {@link SocketWriter}, Pekko's HTTP layer,
 * {@link ExchangeStage}; the layers are put together here and not by Pekko's own binding, which has
 * no place for a guard beside the socket and ends streams at once when it is stopped.
 */
public final class HttpGateway {

  private static final Duration LAST_BYTES = Duration.ofSeconds(2);
  private static final String NOTHING = "There is nothing at this path.";
  private static final String ASK_A_GATEWAY =
      "This node runs models for its cluster and takes no requests; ask a gateway.";

  private final Tcp.ServerBinding binding;
  private final CompletionStage<Done> closed;
  private final OpenAnswers open;
  private final Switches switches;
  private final RouteTable routes;

  /**
   * Reach every connection.
   *
   * @param requests shut down, lets each connection end after the answer it is sending
   * @param sockets aborted, cuts each connection
   */
  private record Switches(SharedKillSwitch requests, SharedKillSwitch sockets) {}

  private HttpGateway(
      Tcp.ServerBinding binding,
      CompletionStage<Done> closed,
      OpenAnswers open,
      Switches switches,
      RouteTable routes) {
    this.routes = routes;
    this.binding = binding;
    this.closed = closed;
    this.open = open;
    this.switches = switches;
  }

  /** Listens from the moment the returned stage is done; fails when the address is taken. */
  public static CompletionStage<HttpGateway> bind(
      ActorSystem<?> system,
      Endpoint endpoint,
      GatewaySettings settings,
      ActorRef<Admission.Command> admission,
      ActorRef<Standby.Command> standby,
      ServedModels models,
      AdapterDoor adapters,
      RunningRequests requests,
      NodeHealth health) {
    OpenAnswers open = new OpenAnswers();
    ApiRoutes api =
        routes(
            system, endpoint, settings, admission, standby, models, adapters, requests, health,
            open);
    List<Route> answered = new ArrayList<>(api.routes());
    answered.addAll(new PageRoutes(PageFile.Door.CLIENTS).routes());
    return bind(
        system, endpoint, settings, table(system, answered, health, open, endpoint, NOTHING), open);
  }

  /** As before, for a node that tells how it is and nothing else. */
  public static CompletionStage<HttpGateway> bindHealth(
      ActorSystem<?> system, Endpoint endpoint, GatewaySettings settings, NodeHealth health) {
    OpenAnswers open = new OpenAnswers();
    return bind(
        system,
        endpoint,
        settings,
        table(system, List.of(), health, open, endpoint, ASK_A_GATEWAY),
        open);
  }

  /** As before, for operators: health, metrics, their web page and what the admin routes answer. */
  public static CompletionStage<HttpGateway> bindAdmin(
      ActorSystem<?> system,
      Endpoint endpoint,
      GatewaySettings settings,
      AdminRoutes admin,
      NodeHealth health) {
    OpenAnswers open = new OpenAnswers();
    List<Route> routes = new ArrayList<>(admin.routes());
    routes.addAll(new PageRoutes(PageFile.Door.OPERATORS).routes());
    routes.addAll(new HealthRoutes(health, open::draining, endpoint.version()).routes());
    return bind(system, endpoint, settings, new RouteTable(routes, Scope.READ, NOTHING), open);
  }

  private static RouteTable table(
      ActorSystem<?> system,
      List<Route> api,
      NodeHealth health,
      OpenAnswers open,
      Endpoint endpoint,
      String nothing) {
    List<Route> routes = new ArrayList<>(api);
    BlockFeed feed = new BlockFeed(BlockFeed.Settings.from(system.settings().config()));
    routes.addAll(new BlockFeedRoute(feed, health).routes());
    routes.addAll(new HealthRoutes(health, open::draining, endpoint.version()).routes());
    return new RouteTable(routes, Scope.INFER, nothing);
  }

  private static CompletionStage<HttpGateway> bind(
      ActorSystem<?> system,
      Endpoint endpoint,
      GatewaySettings settings,
      RouteTable routes,
      OpenAnswers open) {
    Switches switches =
        new Switches(KillSwitches.shared("http-requests"), KillSwitches.shared("http-sockets"));
    Dispatcher dispatcher =
        new Dispatcher(
            open::draining,
            new HostPolicy(endpoint.host(), endpoint.allowedHosts()),
            endpoint.keys(),
            routes);
    BiFunction<InetSocketAddress, SocketLane, ExchangeStage> exchanges =
        (client, lane) ->
            new ExchangeStage(
                client,
                lane,
                open::draining,
                dispatcher,
                settings.headerTimeout(),
                settings.idleTimeout());
    ServerSettings http = serverSettings(system, settings);
    AcceptedSockets sockets = new AcceptedSockets();
    List<Inet.SocketOption> options = new ArrayList<>(List.of(sockets));
    http.getSocketOptions().forEach(options::add);
    Pair<CompletionStage<Tcp.ServerBinding>, CompletionStage<Done>> running =
        Tcp.get(system)
            .bind(
                endpoint.host(),
                endpoint.port(),
                http.getBacklog(),
                options,
                false,
                Optional.empty())
            .mapAsyncUnordered(
                settings.maxConnections(),
                connection -> {
                  SocketLane lane = new SocketLane(sockets.take(connection.remoteAddress()));
                  return connection
                      .flow()
                      // SocketWriter counts on being asked for more only when all is written.
                      .addAttributes(TcpAttributes.tcpWriteBufferSize(1))
                      .watchTermination((_, closed) -> closed)
                      .join(
                          server(
                              system,
                              http,
                              new SocketWriter(lane, settings.writeTimeout()),
                              switches,
                              exchanges.apply(connection.remoteAddress(), lane)))
                      .run(Materializer.matFromSystem(system))
                      .handle((_, _) -> Done.getInstance());
                })
            .toMat(Sink.ignore(), Keep.both())
            .run(Materializer.matFromSystem(system));
    return running
        .first()
        .thenApply(binding -> new HttpGateway(binding, running.second(), open, switches, routes));
  }

  private static Flow<ByteString, ByteString, NotUsed> server(
      ActorSystem<?> system,
      ServerSettings http,
      SocketWriter writer,
      Switches switches,
      ExchangeStage exchanges) {
    BidiFlow<HttpResponse, ByteString, ByteString, HttpRequest, NotUsed> layers =
        Http.get(system)
            .serverLayer(http)
            .atop(withoutTls())
            .atop(BidiFlow.fromGraph(writer))
            .atop(BidiFlow.fromFlows(switches.sockets.flow(), switches.sockets.flow()));
    return Flow.of(HttpRequest.class)
        .via(switches.requests.<HttpRequest>flow())
        .via(exchanges)
        .join(layers);
  }

  private static BidiFlow<SslTlsOutbound, ByteString, ByteString, SslTlsInbound, NotUsed>
      withoutTls() {
    return BidiFlow.fromFlows(
            Flow.of(SslTlsOutbound.class),
            Flow.<SessionBytes, SslTlsInbound, SessionBytes, NotUsed>upcast(
                Flow.of(SessionBytes.class)))
        .atop(TLSPlacebo.getInstance());
  }

  private static ApiRoutes routes(
      ActorSystem<?> system,
      Endpoint endpoint,
      GatewaySettings settings,
      ActorRef<Admission.Command> admission,
      ActorRef<Standby.Command> standby,
      ServedModels models,
      AdapterDoor adapters,
      RunningRequests requests,
      NodeHealth health,
      OpenAnswers open) {
    Materializer materializer = Materializer.matFromSystem(system);
    RequestBody body =
        new RequestBody(settings.maxBodyBytes(), settings.bodyTimeout(), materializer);
    CallDecoder decoder = new CallDecoder(models, settings.defaults(), new UnknownFields());
    Answers answers =
        new Answers(
            admission,
            standby,
            open,
            requests,
            new Answers.Style(
                settings.streamCredit(),
                settings.keepAlive(),
                endpoint.debugHeaders(),
                "sampo-" + endpoint.version()),
            materializer);
    return new ApiRoutes(
        new ChatRoutes(body, decoder, answers),
        new CompletionRoutes(body, decoder, answers),
        new EmbeddingRoutes(
            body,
            new EmbeddingDecoder(decoder),
            new Embeddings(system, admission, open, requests, endpoint.debugHeaders())),
        new ModelRoutes(models),
        new AdapterRoutes(body, decoder, models, adapters),
        new TokenRoutes(
            body,
            decoder,
            system.dispatchers().lookup(DispatcherSelector.blocking()),
            settings.maxTokenizations()),
        new StatsRoute(health, open::running),
        new Resumption(system, standby, decoder, answers));
  }

  private static ServerSettings serverSettings(ActorSystem<?> system, GatewaySettings settings) {
    Config server = ConfigFactory.empty().withValue("pekko.http.server", settings.http().root());
    return ServerSettings.create(server.withFallback(system.settings().config()).resolve());
  }

  /** Where it listens, with the port the system chose. */
  public InetSocketAddress address() {
    return binding.localAddress();
  }

  /** Everything it answers. */
  List<Route> routes() {
    return routes.routes();
  }

  /** How many answers run. */
  public int runningAnswers() {
    return open.running();
  }

  /**
   * Stops: takes no new connection and refuses new requests on open ones; what runs may finish
   * until the deadline and is then ended with an error; last, the connections are closed.
   */
  public CompletionStage<Done> terminate(Duration deadline) {
    CompletableFuture<Void> drained = open.drain().toCompletableFuture();
    return binding
        .unbind()
        .thenCompose(_ -> orTimeout(drained, deadline))
        .thenCompose(
            _ -> {
              open.cut(Failure.unavailable(ErrorCode.DRAINING, 1));
              return orTimeout(drained, LAST_BYTES);
            })
        .thenCompose(
            _ -> {
              switches.requests.shutdown();
              return orTimeout(closed.toCompletableFuture(), LAST_BYTES);
            })
        .thenApply(
            _ -> {
              switches.sockets.abort(new CancellationException("The gateway stops"));
              return Done.getInstance();
            });
  }

  private static CompletionStage<Void> orTimeout(CompletableFuture<?> stage, Duration longest) {
    return stage
        .<Void>thenApply(_ -> null)
        .completeOnTimeout(null, longest.toMillis(), TimeUnit.MILLISECONDS);
  }
}
