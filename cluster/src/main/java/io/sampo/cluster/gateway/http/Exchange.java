package io.sampo.cluster.gateway.http;

import io.sampo.ops.requests.RequestProgress;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpProtocols;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.Materializer;
import org.jspecify.annotations.Nullable;

/**
 * One request and the answer to it, from the first byte of the one to the last of the other.
 *
 * <p>Invariant: what is registered with {@link #whenClientLeaves} runs once the client is known to
 * be gone, also when that was before it was registered.
 */
public final class Exchange {

  private static final Pattern CLIENT_ID = Pattern.compile("[A-Za-z0-9._-]{1,128}");

  /** What becomes of the work behind an answer. */
  public interface Outcome {

    /** The model that was asked. */
    String model();

    /** Done once the answer's last event is made: then its tokens or its error are known. */
    CompletableFuture<?> told();

    /** Tokens generated. */
    int tokens();

    /** What is known of the request. */
    RequestProgress progress();

    /** The code of what ended the answer, or null. */
    @Nullable String error();
  }

  private final HttpRequest request;
  private final String client;
  private final Consumer<Consumer<Materializer>> connection;
  private final SocketLane lane;
  private final String id;
  private final long begun = System.nanoTime();
  private final CompletableFuture<Void> clientGone = new CompletableFuture<>();
  private final List<HttpHeader> headers = new ArrayList<>();
  private volatile CompletionStage<?> lastByte = CompletableFuture.completedStage(null);
  private final AtomicBoolean recorded = new AtomicBoolean();
  private volatile String tenant = KeyFile.NAMELESS;
  private volatile @Nullable Outcome outcome;
  private volatile @Nullable HttpResponse sent;

  /**
   * Begins an exchange.
   *
   * @param client the address it came from
   * @param connection runs what it is given on the connection's own stream
   * @param lane past that stream
   */
  Exchange(
      HttpRequest request,
      String client,
      Consumer<Consumer<Materializer>> connection,
      SocketLane lane) {
    this.request = request;
    this.client = client;
    this.connection = connection;
    this.lane = lane;
    this.id =
        header("x-request-id")
            .filter(value -> CLIENT_ID.matcher(value).matches())
            .orElseGet(Exchange::newId);
  }

  /** The id of a request that brought none. */
  static String newId() {
    return "req-" + randomName();
  }

  /** 24 hexadecimal digits that no other answer of this server bears. */
  public static String randomName() {
    UUID random = UUID.randomUUID();
    HexFormat hex = HexFormat.of();
    return hex.toHexDigits(random.getMostSignificantBits())
        + hex.toHexDigits((int) random.getLeastSignificantBits());
  }

  public HttpRequest request() {
    return request;
  }

  /** The client's request id, or one made for it. */
  public String id() {
    return id;
  }

  public Optional<String> header(String lowercaseName) {
    return request.getHeader(lowercaseName).map(HttpHeader::value);
  }

  /** For whom it is, as the key says that it brought. */
  public String tenant() {
    return tenant;
  }

  public void tenant(String name) {
    tenant = name;
  }

  /** Adds a header to the answer, whatever it will be. Only before the answer is there. */
  public void answerHeader(String name, String value) {
    headers.add(RawHeader.create(name, value));
  }

  /**
   * Runs something with a materializer whose streams belong to the connection's own: what passes
   * between them changes no thread. Nothing runs when the connection has ended.
   */
  public void onConnection(Consumer<Materializer> task) {
    connection.accept(task);
  }

  /** For the chunks of a streamed answer; it lets none through to a client that knows no chunks. */
  public SocketLane lane() {
    return request.protocol().equals(HttpProtocols.HTTP_1_1) ? lane : new SocketLane(null);
  }

  public void whenClientLeaves(Runnable action) {
    var _ = clientGone.thenRun(action);
  }

  void clientLeft() {
    clientGone.complete(null);
  }

  /** Whether the client left while it was being answered. */
  boolean left() {
    return clientGone.isDone();
  }

  /** Tells when the last byte of a streamed answer is made; without it that is at once. */
  public void streamsUntil(CompletionStage<?> lastByteMade) {
    lastByte = lastByteMade;
  }

  CompletionStage<?> lastByte() {
    return lastByte;
  }

  /** Tells where the outcome will be; only what asks a model has one. */
  public void leadsTo(Outcome outcome) {
    this.outcome = outcome;
  }

  @Nullable Outcome outcome() {
    return outcome;
  }

  /** The answer begins; one that is streamed is over with its last event. */
  void send(HttpResponse response) {
    sent = response;
    Outcome streamed = response.entity().isChunked() ? outcome : null;
    if (streamed == null) {
      over();
    } else {
      var _ = streamed.told().thenRun(this::over);
    }
  }

  @Nullable HttpResponse sent() {
    return sent;
  }

  /** Nothing follows, whether all was said or not. */
  void over() {
    if (!recorded.getAndSet(true)) {
      AccessLog.record(this);
    }
  }

  String client() {
    return client;
  }

  long millis() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
  }

  public static HttpResponse json(byte[] body) {
    return HttpResponse.create()
        .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, body));
  }

  /** The answer with the headers that every answer has. */
  public HttpResponse stamp(HttpResponse response) {
    headers.add(RawHeader.create("x-request-id", id));
    headers.add(RawHeader.create("openai-processing-ms", Long.toString(millis())));
    return response.addHeaders(headers);
  }
}
