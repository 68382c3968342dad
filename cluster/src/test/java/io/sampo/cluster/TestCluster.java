package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.kv.KvSettings;
import io.sampo.cluster.membership.ClusterSettings;
import io.sampo.cluster.membership.Role;
import io.sampo.cluster.membership.Seed;
import io.sampo.cluster.node.AdminSettings;
import io.sampo.cluster.node.NodeSettings;
import io.sampo.cluster.node.NodeSettings.ModelSettings;
import io.sampo.cluster.node.SampoNode;
import io.sampo.engines.simulated.model.SimulatedModel;
import io.sampo.engines.simulated.model.SimulatedText;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.Sampling;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.management.ObjectName;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Nodes in one JVM, on free ports of the loopback, around one simulated model whose answer to every
 * prompt is known.
 */
final class TestCluster implements AutoCloseable {

  static final JsonMapper JSON = JsonMapper.builder().build();

  private static final int ANSWERS = 8;

  /** Some thirteen seconds of the simulated gpu-l4. */
  private static final int TOKENS = 3000;

  private static final long SEED = 7;
  private static final Map<String, String> MODEL =
      Map.of("seed", "" + SEED, "end-probability", "0", "context", "4096");

  /** Joins and leaves sooner, also where a node was killed that should have had a say. */
  private static final String QUICK =
      """
      pekko.cluster { gossip-interval = 200 ms, leader-actions-interval = 200 ms }
      pekko.coordinated-shutdown.phases.cluster-sharding-shutdown-region.timeout = 2 s
      """;

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final List<SampoNode> nodes = new ArrayList<>();
  private final List<Seed> others = new ArrayList<>();

  private @Nullable Path tls;
  private @Nullable Path dataFolder;

  /** Has the nodes that are started from now on prove themselves by the files of this folder. */
  void identity(Path folder) {
    tls = folder;
  }

  /** Has the gateways that are started from now on keep what they know in this folder. */
  void dataFolder(Path folder) {
    dataFolder = folder;
  }

  /** Has the nodes that are started from now on join one that runs elsewhere. */
  void join(Seed other) {
    others.add(other);
  }

  /** A node that takes requests and runs nothing. */
  SampoNode gateway() throws Exception {
    return start(EnumSet.of(Role.GATEWAY), Map.of());
  }

  /** A node that runs the model, with further options of the simulated engine. */
  SampoNode engine(Map<String, String> options) throws Exception {
    return start(EnumSet.of(Role.ENGINE), options);
  }

  /** An engine node in the place of one that has ended by itself. */
  SampoNode startAgain(SampoNode ended, Map<String, String> options) throws Exception {
    nodes.remove(ended);
    return start(EnumSet.of(Role.ENGINE), ended.clusterAddress().port(), options);
  }

  private SampoNode start(Set<Role> roles, Map<String, String> options) throws Exception {
    return start(roles, 0, options);
  }

  private SampoNode start(Set<Role> roles, int port, Map<String, String> options) throws Exception {
    Map<String, String> all = new HashMap<>(MODEL);
    all.putAll(options);
    EngineSettings own = TestNode.simulated(16, all).engineSettings();
    SampoNode node =
        SampoNode.start(
            settings(
                new ClusterSettings(
                    roles,
                    "127.0.0.1",
                    port,
                    Stream.concat(others.stream(), nodes.stream().map(SampoNode::clusterAddress))
                        .toList(),
                    tls),
                roles.contains(Role.GATEWAY) ? TestNode.simulated(0, Map.of()) : null,
                own,
                roles.contains(Role.GATEWAY) ? dataFolder : null,
                QUICK));
    nodes.add(node);
    node.joined().toCompletableFuture().get(1, TimeUnit.MINUTES);
    return node;
  }

  static NodeSettings settings(
      ClusterSettings cluster,
      @Nullable ModelSettings model,
      EngineSettings own,
      String overrides) {
    return settings(cluster, model, own, null, overrides);
  }

  private static NodeSettings settings(
      ClusterSettings cluster,
      @Nullable ModelSettings model,
      EngineSettings own,
      @Nullable Path dataFolder,
      String overrides) {
    return new NodeSettings(
            "127.0.0.1",
            0,
            cluster,
            model,
            own,
            (_, source) -> Path.of(source),
            dataFolder,
            true,
            null,
            List.of(),
            KvSettings.OFF,
            Duration.ofSeconds(10),
            overrides)
        .withAdmin(AdminSettings.LOOPBACK);
  }

  /** Waits until a gateway knows so many replicas that have produced a token. */
  void awaitReplicas(SampoNode gateway, int count) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () -> {
              JsonNode replicas = JSON.readTree(get(gateway, "/stats").body()).get("replicas");
              assertThat(replicas).hasSize(count);
              assertThat(replicas)
                  .allMatch(replica -> replica.get("state").stringValue().equals("ready"));
            });
  }

  /** Waits until a replica works at answers, as a gateway knows. */
  void awaitWork(SampoNode gateway, String id) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () ->
                assertThat(JSON.readTree(get(gateway, "/stats").body()).get("replicas"))
                    .anyMatch(
                        replica ->
                            replica.get("id").stringValue().equals(id)
                                && replica.get("places_taken").intValue() > 0));
  }

  /** Waits until a node counts so many members of its cluster. */
  void awaitMembers(SampoNode node, int count) throws Exception {
    ObjectName bean = new ObjectName("pekko:type=Cluster,port=" + node.clusterAddress().port());
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(
            () ->
                String.valueOf(
                            ManagementFactory.getPlatformMBeanServer()
                                .getAttribute(bean, "Members"))
                        .split(",", -1)
                        .length
                    == count);
  }

  /** What a node answers operators. */
  HttpResponse<String> admin(SampoNode node, String path, @Nullable String body) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                URI.create(
                    "http://127.0.0.1:" + node.adminAddress().orElseThrow().getPort() + path))
            .timeout(Duration.ofMinutes(1));
    if (body != null) {
      request
          .header("content-type", "application/json")
          .POST(HttpRequest.BodyPublishers.ofString(body));
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  /** Stops a node as SIGTERM does. */
  void stop(SampoNode node) {
    nodes.remove(node);
    node.close();
  }

  HttpResponse<String> get(SampoNode node, String path) throws Exception {
    return client.send(request(node, path).build(), BodyHandlers.ofString());
  }

  /** What a client hears that comes back to a stream. */
  HttpResponse<String> resume(SampoNode gateway, String lastEventId) throws Exception {
    return client.send(
        request(gateway, "/v1/completions")
            .header("last-event-id", lastEventId)
            .POST(HttpRequest.BodyPublishers.noBody())
            .build(),
        BodyHandlers.ofString());
  }

  /** The text of a whole answer, greedy and of exactly so many tokens. */
  HttpResponse<String> complete(SampoNode gateway, String prompt, int tokens) throws Exception {
    return client.send(
        request(gateway, "/v1/completions")
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body(prompt, tokens)))
            .build(),
        BodyHandlers.ofString());
  }

  HttpResponse<String> post(SampoNode node, String path, String body) throws Exception {
    return client.send(
        request(node, path)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  static String body(String prompt, int tokens) {
    return "{\"prompt\":\"%s\",\"temperature\":0,\"max_tokens\":%d}".formatted(prompt, tokens);
  }

  private static HttpRequest.Builder request(SampoNode node, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.address().getPort() + path))
        .timeout(Duration.ofMinutes(2));
  }

  static String text(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body()).at("/choices/0/text").stringValue();
  }

  /** What happens to a cluster while it works. */
  interface Happening {
    void come() throws Exception;
  }

  /**
   * Has long answers made, lets something happen meanwhile, and compares each with what it would
   * have been.
   */
  void answersAreWhole(SampoNode gateway, Happening happening) throws Exception {
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < ANSWERS; i++) {
        String prompt = "Tell me " + i;
        answers.add(clients.submit(() -> complete(gateway, prompt, TOKENS)));
      }
      happening.come();
      for (int i = 0; i < ANSWERS; i++) {
        assertThat(text(answers.get(i).get())).isEqualTo(expected("Tell me " + i, TOKENS));
      }
    }
  }

  /** What the model answers when nothing happens to it. */
  static String expected(String prompt, int tokens) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (SimulatedText codec = new SimulatedText(false)) {
      int[] ids = codec.tokenize(prompt, true, true);
      for (int id : new SimulatedModel(SEED, 0).answer(ids, Sampling.GREEDY, tokens)) {
        bytes.writeBytes(codec.piece(id, false));
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** The last that came goes first. */
  @Override
  public void close() {
    client.close();
    nodes.reversed().forEach(SampoNode::close);
  }
}
