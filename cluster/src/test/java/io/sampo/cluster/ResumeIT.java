package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.node.SampoNode;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients that lose their connection or their gateway and come back with {@code Last-Event-ID}. */
@Timeout(180)
class ResumeIT {

  private static final String COMPLETIONS = "/v1/completions";
  private static final int ALL = Integer.MAX_VALUE;

  @TempDir Path folder;

  private final TestCluster cluster = new TestCluster();

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void aClientThatLostItsConnectionGoesOnWhereItHasReadTo() throws Exception {
    SampoNode gateway = cluster.gateway();
    cluster.engine(Map.of("profile", "gpu-l4"));
    cluster.awaitReplicas(gateway, 1);
    StreamClient client = new StreamClient(COMPLETIONS, streamed("Tell me", 300, ""), 1);
    for (int until = 10; until < 100; until += 30) {
      client.read(port(gateway), until);
      assertThat(client.done()).isFalse();
    }
    assertThat(client.read(port(gateway), ALL)).isEqualTo(200);
    assertWhole(client, 0, "Tell me", 300);
  }

  @Test
  void severalAnswersAndAStopTextGoOnToo() throws Exception {
    SampoNode gateway = cluster.gateway();
    cluster.engine(Map.of("profile", "gpu-l4"));
    cluster.awaitReplicas(gateway, 1);
    String body = streamed("Tell me", 300, ",\"n\":3,\"stop\":[\"river was\",\"saw snow\"]");
    StreamClient undisturbed = new StreamClient(COMPLETIONS, body, 3);
    undisturbed.read(port(gateway), ALL);
    StreamClient client = new StreamClient(COMPLETIONS, body, 3);
    client.read(port(gateway), 50);
    client.read(port(gateway), 120);
    client.read(port(gateway), ALL);
    assertThat(client.error()).isNull();
    assertThat(client.done()).isTrue();
    for (int answer = 0; answer < 3; answer++) {
      assertThat(client.text(answer)).hasSizeGreaterThan(100).isEqualTo(undisturbed.text(answer));
      assertThat(client.ends(answer)).isEqualTo(undisturbed.ends(answer));
    }
  }

  @Test
  void clientsGoOnAtAnotherGatewayWhenTheirsIsKilled() throws Exception {
    try (NodeProcess first =
        NodeProcess.start(
            folder,
            "listening",
            "node",
            "--role=gateway",
            "--engine=simulated",
            "--model=sim",
            "--port=0")) {
      cluster.join(first.clusterAddress());
      SampoNode second = cluster.gateway();
      cluster.engine(Map.of("profile", "gpu-l4"));
      cluster.awaitReplicas(second, 1);
      awaitServing(first.httpPort());
      List<StreamClient> clients = new ArrayList<>();
      List<Future<Integer>> reading = new ArrayList<>();
      try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int i = 0; i < 12; i++) {
          StreamClient client = new StreamClient(COMPLETIONS, streamed("Tell " + i, 1500, ""), 1);
          clients.add(client);
          reading.add(readers.submit(() -> client.read(first.httpPort(), ALL)));
        }
        Awaitility.await()
            .atMost(Duration.ofSeconds(30))
            .until(() -> clients.stream().allMatch(client -> client.events() > 20));
        first.kill();
        for (Future<Integer> one : reading) {
          assertThat(one.get()).isEqualTo(200);
        }
        assertThat(clients).noneMatch(StreamClient::done);
        reading.clear();
        clients.forEach(
            client -> reading.add(readers.submit(() -> readPatiently(client, port(second)))));
        for (int i = 0; i < clients.size(); i++) {
          assertThat(reading.get(i).get()).isEqualTo(200);
          assertWhole(clients.get(i), 0, "Tell " + i, 1500);
        }
      }
    }
  }

  @Test
  void aStreamThatNobodyKnowsIsRefused() throws Exception {
    SampoNode gateway = cluster.gateway();
    cluster.engine(Map.of());
    cluster.awaitReplicas(gateway, 1);
    HttpResponse<String> unknown = cluster.resume(gateway, "abcdef.3");
    assertThat(unknown.statusCode()).isEqualTo(409);
    assertThat(unknown.body()).contains("\"code\":\"not_resumable\"", "Stream 'abcdef' cannot");
    assertThat(cluster.resume(gateway, "nonsense").statusCode()).isEqualTo(400);
  }

  /** For a while the places of those that the dead gateway served are taken still. */
  private static int readPatiently(StreamClient client, int port) throws Exception {
    int status = client.read(port, ALL);
    for (int tries = 0; status == 503 && tries < 20; tries++) {
      Thread.sleep(1000);
      status = client.read(port, ALL);
    }
    return status;
  }

  private void awaitServing(int port) {
    StreamClient probe = new StreamClient(COMPLETIONS, streamed("Hi", 1, ""), 1);
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> probe.read(port, ALL) == 200);
  }

  private static void assertWhole(StreamClient client, int answer, String prompt, int tokens) {
    assertThat(client.error()).isNull();
    assertThat(client.done()).isTrue();
    assertThat(client.text(answer)).isEqualTo(TestCluster.expected(prompt, tokens));
    assertThat(client.ends(answer)).isEqualTo("length");
  }

  private static String streamed(String prompt, int tokens, String more) {
    String body = TestCluster.body(prompt, tokens);
    return body.substring(0, body.length() - 1) + ",\"stream\":true" + more + "}";
  }

  private static int port(SampoNode node) {
    return node.address().getPort();
  }
}
