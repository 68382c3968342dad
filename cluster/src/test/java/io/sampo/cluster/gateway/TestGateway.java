package io.sampo.cluster.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.sampo.actors.generation.Generation;
import io.sampo.actors.generation.ServedModels;
import io.sampo.actors.generation.ServedModels.ServedModel;
import io.sampo.actors.replica.Replica;
import io.sampo.actors.standby.Standby;
import io.sampo.actors.standby.StandbySettings;
import io.sampo.actors.wire.Failure;
import io.sampo.actors.wire.ModelId;
import io.sampo.cluster.gateway.ScriptedAdmission.Talk;
import io.sampo.cluster.gateway.http.ApiKeys;
import io.sampo.cluster.gateway.http.RequestBody;
import io.sampo.engines.spi.Adapter;
import io.sampo.ops.admin.AdminApi;
import io.sampo.ops.metrics.MetricsPage;
import io.sampo.ops.metrics.NodeFigures;
import io.sampo.ops.requests.RunningRequests;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.stream.Materializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A gateway on a free port of the loopback, whose generations are scripted. */
final class TestGateway implements AutoCloseable, AfterAllCallback {

  static final JsonMapper JSON = JsonMapper.builder().build();
  static final String CHAT = "/v1/chat/completions";
  static final String ASK =
      "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";
  static final String ASK_STREAM = ASK.replace("{\"model\"", "{\"stream\":true,\"model\"");

  final ScriptedAdmission admission = new ScriptedAdmission();
  final RunningRequests requests = new RunningRequests();
  final HttpGateway gateway;
  final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  volatile Optional<String> notReady = Optional.empty();
  private final ActorSystem<Void> system;

  TestGateway() {
    this("", ApiKeys.open());
  }

  TestGateway(String overrides, ApiKeys keys) {
    Config config =
        ConfigFactory.parseString(overrides + "\npekko.actor.provider = local")
            .withFallback(ConfigFactory.load())
            .resolve();
    system = ActorSystem.create(Behaviors.empty(), "gateway-test", config);
    ServedModel model =
        new ServedModel(
            new ModelId("m"),
            List.of("alias/of:m"),
            true,
            Instant.ofEpochSecond(99),
            new ByteCodec());
    gateway =
        HttpGateway.bind(
                system,
                new Endpoint("127.0.0.1", 0, keys, List.of("gpu.example"), true, "1.2.3"),
                GatewaySettings.from(config),
                system.systemActorOf(admission.behavior(), "admission", Props.empty()),
                system.systemActorOf(
                    Standby.create(StandbySettings.from(config), _ -> {}, _ -> {}),
                    "standby",
                    Props.empty()),
                models(model),
                withoutAdapters(),
                requests,
                health())
            .toCompletableFuture()
            .orTimeout(20, TimeUnit.SECONDS)
            .join();
  }

  private static ServedModels models(ServedModel model) {
    return new ServedModels() {
      @Override
      public Optional<ServedModel> find(String name) {
        return name.equals("m") || model.aliases().contains(name)
            ? Optional.of(model)
            : Optional.empty();
      }

      @Override
      public boolean loading() {
        return false;
      }

      @Override
      public List<ServedModel> all() {
        return List.of(model);
      }
    };
  }

  private static AdapterDoor withoutAdapters() {
    return new AdapterDoor() {
      @Override
      public Optional<Path> folder() {
        return Optional.empty();
      }

      @Override
      public CompletionStage<Optional<Failure>> load(ModelId model, Adapter adapter) {
        throw new IllegalStateException("no folder, no adapter");
      }

      @Override
      public CompletionStage<Optional<Failure>> unload(ModelId model, String name) {
        throw new IllegalStateException("no folder, no adapter");
      }
    };
  }

  private NodeHealth health() {
    return new NodeHealth() {
      @Override
      public boolean live() {
        return true;
      }

      @Override
      public Optional<String> notReady() {
        return notReady;
      }

      @Override
      public boolean draining() {
        return false;
      }

      @Override
      public List<Replica.Report> replicas() {
        return List.of();
      }
    };
  }

  /** A listener for operators of a node that knows nothing and answers nothing. */
  HttpGateway admin(ApiKeys keys) {
    AdminApi nobody =
        silent(
            AdminApi.class,
            _ -> {
              throw new IllegalArgumentException("nobody is asked here");
            });
    NodeFigures nothing =
        silent(
            NodeFigures.class,
            type ->
                type == String.class
                    ? "0"
                    : type == int.class
                        ? (Object) 0
                        : type == Map.class
                            ? Map.of()
                            : type == Set.class
                                ? Set.of()
                                : type == List.class ? List.of() : Optional.empty());
    GatewaySettings settings = GatewaySettings.from(system.settings().config());
    AdminRoutes routes =
        new AdminRoutes(
            nobody,
            new MetricsPage(nothing),
            new RequestBody(1024, Duration.ofSeconds(5), Materializer.matFromSystem(system)));
    return HttpGateway.bindAdmin(
            system,
            new Endpoint("127.0.0.1", 0, keys, List.of(), false, "1.2.3"),
            settings,
            routes,
            health())
        .toCompletableFuture()
        .orTimeout(20, TimeUnit.SECONDS)
        .join();
  }

  private static <T> T silent(Class<T> face, Function<Class<?>, Object> answers) {
    return face.cast(
        Proxy.newProxyInstance(
            face.getClassLoader(),
            new Class<?>[] {face},
            (_, method, _) -> answers.apply(method.getReturnType())));
  }

  /** Waits until the only answer that runs has nobody to read it. */
  void awaitNoRunningAnswerButTheLeft() {
    Awaitility.await().until(() -> gateway.runningAnswers() <= 1);
  }

  /** What was refused before went no further, and the next request is answered. */
  void assertNothingReachedAModelAndServes() throws IOException, InterruptedException {
    assertThat(admission.nothingArrived()).isTrue();
    admission.answerBy(talk -> talk.answer("well"));
    assertThat(send(post(CHAT, ASK)).body()).contains("well");
    admission.reset();
  }

  /** A generation that hears the reader of this talk. */
  ActorRef<Generation.Command> generation(Talk talk) {
    return system.systemActorOf(
        talk.generation(), "generation-" + System.nanoTime(), Props.empty());
  }

  /** The next request that reaches a model, whose answer has begun. */
  Talk begun() throws InterruptedException {
    Talk talk = admission.next();
    return talk.admitted(generation(talk)).started();
  }

  int port() {
    return gateway.address().getPort();
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
        .timeout(Duration.ofSeconds(20));
  }

  HttpRequest.Builder post(String path, String body) {
    return request(path)
        .header("content-type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body));
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  JsonNode json(HttpRequest.Builder request) throws IOException, InterruptedException {
    return JSON.readTree(send(request).body());
  }

  /** Sends a whole request over a socket of its own and leaves it open. */
  Socket rawPost(String path, String body) throws IOException {
    return raw(
        "POST "
            + path
            + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body);
  }

  Socket raw(String bytes) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port());
    socket.setSoTimeout(20_000);
    socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
    return socket;
  }

  /** Where it is an extension of a test class. */
  @Override
  public void afterAll(ExtensionContext context) {
    close();
  }

  @Override
  public void close() {
    gateway
        .terminate(Duration.ofMillis(100))
        .toCompletableFuture()
        .orTimeout(20, TimeUnit.SECONDS)
        .join();
    system.terminate();
    client.close();
  }
}
