package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.kv.KvSettings;
import io.sampo.cluster.membership.ClusterSettings;
import io.sampo.cluster.membership.Role;
import io.sampo.cluster.membership.Seed;
import io.sampo.cluster.node.NodeSettings;
import io.sampo.cluster.node.NodeSettings.ModelSettings;
import io.sampo.cluster.node.SampoNode;
import io.sampo.kvcache.transfer.ClusterSecret;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Two nodes of one cluster, each with an engine for one sequence of the default model. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class KvExchangeIT {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final long KV_BYTES = 64 << 20;

  /** The whole blocks of the story; its answer fills another one. */
  private static final int STORY_BLOCKS = 4;

  private static final String STORY =
      "Once upon a time, there was a little girl named Lily. She loved to play outside in the"
          + " sunshine with her dog. One day they went to the park and saw a big red ball. Lily"
          + " wanted to play with the ball, but it belonged to a boy named Tim. Tim was sad because"
          + " he had nobody to play with. Lily asked him if they could play together, and Tim"
          + " smiled. They threw the ball to the dog, and the dog ran and ran. Then the ball rolled"
          + " into the pond. The dog jumped into the water and brought it back. Everybody laughed,"
          + " and the dog was very proud. When the sun went down";

  @TempDir private Path folder;

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private SampoNode one;
  private SampoNode two;
  private SampoNode asked;

  @BeforeEach
  void start() throws Exception {
    Path secret = folder.resolve("secret");
    ClusterSecret.readOrMake(secret);
    one = start(secret, List.of());
    two = start(secret, List.of(one.clusterAddress()));
    asked = one;
    await(() -> kvReplicas(one) == 2 && kvReplicas(two) == 2);
  }

  private static SampoNode start(Path secret, List<Seed> join) throws Exception {
    ModelSettings model = TestNode.llamaCpp(StoriesModel.NAME, StoriesModel.file(), 1, Map.of());
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
                new KvSettings(KV_BYTES, 0, null, List.of(), null, 0, secret),
                Duration.ofSeconds(10),
                "pekko.cluster { gossip-interval = 200 ms, leader-actions-interval = 200 ms }\n"
                    // So soon only a session that moves can hope to begin.
                    + "actors.scheduler.interactive.first-token = 1 ms"));
    node.ready().toCompletableFuture().get(2, TimeUnit.MINUTES);
    return node;
  }

  @AfterEach
  void stop() {
    client.close();
    two.close();
    one.close();
  }

  /** A session whose replica is busy goes on where its KV is not, and has it fetched. */
  @Test
  void aSessionThatMovesTakesItsKvAlong() throws Exception {
    HttpResponse<String> first = tell(STORY, 30);
    String home = replica(first);
    SampoNode computed = node(home);
    SampoNode other = computed == one ? two : one;
    await(() -> stat(computed, "host/blocks") > STORY_BLOCKS);

    HttpResponse<String> moved = first;
    for (int tries = 0; tries < 50 && replica(moved).equals(home); tries++) {
      CompletableFuture<HttpResponse<String>> busy =
          client.sendAsync(request("Tim", 200), BodyHandlers.ofString());
      await(() -> busy.isDone() || stats(one).toString().contains("\"places_taken\":1"));
      moved = tell(STORY, 30);
      busy.get(1, TimeUnit.MINUTES);
    }

    assertThat(replica(moved)).isNotEqualTo(home);
    assertThat(moved.headers().firstValue("x-sampo-route")).contains("affinity fetch");
    assertThat(text(moved)).isEqualTo(text(first));
    assertThat(cached(moved)).isGreaterThanOrEqualTo(32 * STORY_BLOCKS);
    assertThat(stat(other, "fetched/blocks")).isGreaterThanOrEqualTo(STORY_BLOCKS);
    assertThat(stat(computed, "given/blocks")).isGreaterThanOrEqualTo(STORY_BLOCKS);
    await(() -> stat(other, "restores/restores") == 1);
    assertThat(stat(other, "host/blocks")).isGreaterThanOrEqualTo(STORY_BLOCKS);
    // Each node's gateway tells what both nodes' stores did.
    for (SampoNode gateway : List.of(one, two)) {
      await(() -> reported(gateway, "given_blocks") >= STORY_BLOCKS);
      await(() -> reported(gateway, "fetched_blocks") >= STORY_BLOCKS);
    }
  }

  /** The highest figure of this name that a replica's node reported. */
  private long reported(SampoNode gateway, String name) throws Exception {
    return stats(gateway)
        .get("replicas")
        .valueStream()
        .mapToLong(replica -> replica.at("/kv/" + name).asLong(0))
        .max()
        .orElse(0);
  }

  @Test
  void whatALeavingNodeHeldIsComputedAgain() throws Exception {
    HttpResponse<String> first = tell(STORY, 30);
    SampoNode computed = node(replica(first));
    asked = computed == one ? two : one;
    await(() -> stat(computed, "host/blocks") > STORY_BLOCKS);
    computed.close();

    assertThat(text(tell(STORY, 30))).isEqualTo(text(first));
  }

  private SampoNode node(String replica) throws Exception {
    return one.ready().toCompletableFuture().get().replica().toString().equals(replica) ? one : two;
  }

  private HttpResponse<String> tell(String prompt, int tokens) throws Exception {
    HttpResponse<String> answer = client.send(request(prompt, tokens), BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer;
  }

  private HttpRequest request(String prompt, int tokens) throws Exception {
    return to(asked, "/v1/completions")
        .header("content-type", "application/json")
        .header("X-Session-Id", "lily")
        .POST(
            HttpRequest.BodyPublishers.ofString(
                "{\"prompt\":%s,\"max_tokens\":%d,\"temperature\":0}"
                    .formatted(JSON.writeValueAsString(prompt), tokens)))
        .build();
  }

  private static HttpRequest.Builder to(SampoNode node, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.address().getPort() + path))
        .timeout(Duration.ofMinutes(1));
  }

  private static String replica(HttpResponse<String> answer) {
    return answer.headers().firstValue("x-sampo-replica").orElseThrow();
  }

  private static String text(HttpResponse<String> answer) {
    return JSON.readTree(answer.body()).at("/choices/0/text").stringValue();
  }

  private static int cached(HttpResponse<String> answer) {
    return JSON.readTree(answer.body()).at("/usage/prompt_tokens_details/cached_tokens").asInt(0);
  }

  private JsonNode stats(SampoNode node) throws Exception {
    return JSON.readTree(client.send(to(node, "/stats").build(), BodyHandlers.ofString()).body());
  }

  private long stat(SampoNode node, String name) throws Exception {
    return stats(node).at("/kv/" + name).asLong(-1);
  }

  private long kvReplicas(SampoNode node) throws Exception {
    return stats(node)
        .get("replicas")
        .valueStream()
        .filter(replica -> replica.at("/kv_block_tokens").asInt(0) == 32)
        .count();
  }

  private static void await(Callable<Boolean> holds) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(10))
        .until(holds);
  }
}
