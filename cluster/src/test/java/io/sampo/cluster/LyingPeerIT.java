package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.kv.KvSettings;
import io.sampo.cluster.membership.ClusterSettings;
import io.sampo.cluster.membership.Role;
import io.sampo.cluster.membership.Seed;
import io.sampo.cluster.node.NodeSettings;
import io.sampo.cluster.node.NodeSettings.ModelSettings;
import io.sampo.cluster.node.SampoNode;
import io.sampo.kvcache.block.KvFormat;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import io.sampo.kvcache.transfer.ClusterSecret;
import io.sampo.kvcache.transfer.FetchEnd;
import io.sampo.kvcache.transfer.LyingRelay;
import io.sampo.kvcache.transfer.LyingRelay.Told;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * One node has computed many texts and is full, another is asked for them and has their KV fetched,
 * by way of somebody who knows the cluster's secret and sends one block of a hundred wrong. The
 * simulated engine goes on from the KV that it is given, so that a wrong block would be told.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class LyingPeerIT {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int TEXTS = 75;
  private static final int BLOCKS = 20;
  private static final int BLOCK_TOKENS = 32;

  /** With as many blocks in a text, one block of a hundred. */
  private static final int ANSWERS_TO_A_LIE = 5;

  /** What the simulated engine's blocks look like. */
  private static final KvLayout LAYOUT =
      new KvLayout(
          ModelFingerprint.of("simulated", List.of("seed 0")),
          KvFormat.F16,
          KvFormat.F16,
          List.of(Long.BYTES),
          List.of(Long.BYTES),
          BLOCK_TOKENS);

  private static final String EXCHANGE =
      """
      pekko.cluster { gossip-interval = 200 ms, leader-actions-interval = 200 ms }
      cluster.kv.exchange { first-pause = 1 ms, longest-pause = 1 ms, warm-up = 0 }
      """;

  @TempDir private Path folder;

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private static SampoNode start(
      Path secret, List<Seed> join, int kvPort, Map<String, String> engine, String overrides)
      throws Exception {
    ModelSettings model = TestNode.simulated(1, engine);
    SampoNode node =
        SampoNode.start(
            new NodeSettings(
                "127.0.0.1",
                0,
                new ClusterSettings(Role.BOTH, "127.0.0.1", 0, join, null),
                model,
                model.engineSettings(),
                (_, source) -> Path.of(source),
                null,
                true,
                null,
                List.of(),
                new KvSettings(16 << 20, 0, null, List.of(), null, kvPort, secret),
                Duration.ofSeconds(10),
                EXCHANGE + overrides));
    node.ready().toCompletableFuture().get(2, TimeUnit.MINUTES);
    return node;
  }

  private static Map<String, String> engine(String profile, String slowFactor) {
    return Map.of(
        "profile", profile, "slow-factor", slowFactor, "end-probability", "0", "context", "65536");
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static String text(int number) {
    String words = "This is text %d of those that are told twice. ".formatted(number);
    return words.repeat(BLOCKS).substring(0, BLOCKS * BLOCK_TOKENS + 5);
  }

  private static String body(String prompt, int tokens, String more) throws Exception {
    return "{\"prompt\":%s,\"max_tokens\":%d,\"temperature\":0%s}"
        .formatted(JSON.writeValueAsString(prompt), tokens, more);
  }

  private static HttpRequest.Builder to(SampoNode node, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.address().getPort() + path))
        .timeout(Duration.ofMinutes(2))
        .header("content-type", "application/json");
  }

  private JsonNode ask(SampoNode node, String prompt) throws Exception {
    HttpResponse<String> answer =
        client.send(
            to(node, "/v1/completions")
                .POST(HttpRequest.BodyPublishers.ofString(body(prompt, 2, "")))
                .build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body());
  }

  private static String told(JsonNode answer) {
    return answer.at("/choices/0/text").stringValue();
  }

  private static int cached(JsonNode answer) {
    return answer.at("/usage/prompt_tokens_details/cached_tokens").asInt(0);
  }

  private JsonNode stats(SampoNode node) throws Exception {
    return JSON.readTree(client.send(to(node, "/stats").build(), BodyHandlers.ofString()).body());
  }

  private static void await(Callable<Boolean> holds) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(10))
        .until(holds);
  }

  @Test
  void everyWrongBlockIsFoundAndEveryAnswerRight() throws Exception {
    Path secret = folder.resolve("secret");
    ClusterSecret known = ClusterSecret.readOrMake(secret);
    int kvPort = freePort();
    InetSocketAddress behind = new InetSocketAddress(InetAddress.getLoopbackAddress(), kvPort);
    try (LyingRelay relay = new LyingRelay(known, LAYOUT, behind, ANSWERS_TO_A_LIE);
        SampoNode holder =
            start(
                secret,
                List.of(),
                kvPort,
                engine("gpu-h100", "1"),
                "cluster.kv.exchange.advertised-host = 127.0.0.1\n"
                    + "cluster.kv.exchange.advertised-port = "
                    + relay.port())) {
      List<String> expected = new ArrayList<>();
      for (int text = 0; text < TEXTS; text++) {
        expected.add(told(ask(holder, text(text))));
      }
      await(() -> stats(holder).at("/kv/host/blocks").asInt() >= TEXTS * BLOCKS);
      // Takes the only place until the test is over.
      try (InputStream _ = endless(holder);
          SampoNode asked =
              start(secret, List.of(holder.clusterAddress()), 0, engine("cpu-32core", "2"), "")) {
        await(() -> ready(asked) == 2);
        askForAll(asked, relay, expected);
        assertFound(asked, relay.told());
        long doubted =
            relay.told().stream().filter(one -> one.lie().found() != FetchEnd.NOT_HELD).count();
        await(() -> reportedDoubts(holder) == doubted);
      }
    }
  }

  /** As another node's gateway tells it. */
  private long reportedDoubts(SampoNode gateway) throws Exception {
    return stats(gateway)
        .get("replicas")
        .valueStream()
        .mapToLong(replica -> replica.at("/kv/doubted_fetches").asLong(0))
        .sum();
  }

  private InputStream endless(SampoNode node) throws Exception {
    return client
        .send(
            to(node, "/v1/completions")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        body("An endless one.", 60_000, ",\"stream\":true")))
                .build(),
            BodyHandlers.ofInputStream())
        .body();
  }

  private long ready(SampoNode node) throws Exception {
    return stats(node)
        .get("replicas")
        .valueStream()
        .filter(replica -> replica.at("/kv_block_tokens").asInt(0) == BLOCK_TOKENS)
        .count();
  }

  private void askForAll(SampoNode asked, LyingRelay relay, List<String> expected)
      throws Exception {
    int whole = 0;
    for (int text = 0; text < TEXTS; text++) {
      int before = relay.told().size();
      JsonNode answer = ask(asked, text(text));
      assertThat(told(answer)).as("text %d", text).isEqualTo(expected.get(text));
      List<Told> lies = relay.told();
      if (lies.size() > before) {
        assertThat(cached(answer))
            .as("what came before the lie %s", lies.getLast())
            .isEqualTo(lies.getLast().block() * BLOCK_TOKENS);
      } else if (cached(answer) == BLOCKS * BLOCK_TOKENS) {
        whole++;
      }
    }
    assertThat(whole).as("texts that were fetched as a whole").isGreaterThan(TEXTS / 2);
  }

  private void assertFound(SampoNode asked, List<Told> told) throws Exception {
    assertThat(told.stream().map(Told::lie)).contains(LyingRelay.Lie.values());
    Map<FetchEnd, Integer> expected = new EnumMap<>(FetchEnd.class);
    told.forEach(one -> expected.merge(one.lie().found(), 1, Integer::sum));
    JsonNode fetched = stats(asked).at("/kv/fetched");
    expected.forEach(
        (end, count) ->
            assertThat(fetched.at("/" + end.name().toLowerCase(Locale.ROOT)).asInt(0))
                .as("%s in %s", end, fetched)
                .isEqualTo(count));
  }
}
