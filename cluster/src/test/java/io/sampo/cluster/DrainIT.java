package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.node.SampoNode;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Nodes and replicas that are drained while clients stream. */
@Timeout(240)
class DrainIT {

  private static final int CLIENTS = 6;
  private static final int TOKENS = 500;

  @TempDir Path folder;

  private final TestCluster cluster = new TestCluster();

  @AfterEach
  void stop() {
    cluster.close();
  }

  /** Clients that stream one answer after the other until they are told to stop. */
  private static final class Load implements AutoCloseable {

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicBoolean enough = new AtomicBoolean();
    private final AtomicInteger answers = new AtomicInteger();
    private final List<Future<?>> clients = new ArrayList<>();

    Load(SampoNode gateway) {
      for (int i = 0; i < CLIENTS; i++) {
        String name = "Client " + i;
        clients.add(threads.submit(() -> stream(gateway, name)));
      }
    }

    private Void stream(SampoNode gateway, String name) throws Exception {
      for (int n = 0; !enough.get(); n++) {
        String prompt = name + " asks " + n;
        String body = TestCluster.body(prompt, TOKENS);
        StreamClient client =
            new StreamClient(
                "/v1/completions", body.substring(0, body.length() - 1) + ",\"stream\":true}", 1);
        assertThat(client.read(gateway.address().getPort(), Integer.MAX_VALUE)).isEqualTo(200);
        assertThat(client.error()).isNull();
        assertThat(client.done()).isTrue();
        assertThat(client.text(0)).isEqualTo(TestCluster.expected(prompt, TOKENS));
        assertThat(client.ends(0)).isEqualTo("length");
        answers.incrementAndGet();
      }
      return null;
    }

    /** Waits until each client may have had another answer, and fails when one has failed. */
    void goOn() throws Exception {
      int before = answers.get();
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(
              () ->
                  answers.get() >= before + 2 * CLIENTS
                      || clients.stream().anyMatch(Future::isDone));
      for (Future<?> client : clients) {
        if (client.isDone()) {
          client.get();
        }
      }
    }

    /** Fails when an answer has not come whole. */
    void end() throws Exception {
      enough.set(true);
      for (Future<?> client : clients) {
        client.get(1, TimeUnit.MINUTES);
      }
    }

    @Override
    public void close() {
      enough.set(true);
      threads.shutdownNow();
    }
  }

  private JsonNode order(SampoNode node, String path, String body) throws Exception {
    HttpResponse<String> answer = cluster.admin(node, path, body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return TestCluster.JSON.readTree(answer.body());
  }

  private void awaitProgress(SampoNode node, String operation, String progress) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () ->
                assertThat(order(node, "/admin/operations", null).get("operations"))
                    .anyMatch(
                        one ->
                            one.get("id").stringValue().equals(operation)
                                && one.get("progress").stringValue().equals(progress)));
  }

  private boolean sees(SampoNode node, String kind) throws Exception {
    return cluster.admin(node, "/admin/events", null).body().contains("\"" + kind + "\"");
  }

  @Test
  void engineNodesAreDrainedAndStartedAgainInTurnAndNoAnswerSuffers() throws Exception {
    SampoNode gateway = cluster.gateway();
    List<SampoNode> engines = new ArrayList<>();
    engines.add(cluster.engine(Map.of("profile", "gpu-l4")));
    engines.add(cluster.engine(Map.of("profile", "gpu-l4")));
    cluster.awaitReplicas(gateway, 2);
    try (Load load = new Load(gateway)) {
      load.goOn();
      // What runs on the first is cut off at once and goes on elsewhere; on the second it ends.
      for (int grace : new int[] {0, 60}) {
        SampoNode node = engines.removeFirst();
        String target =
            "{\"kind\":\"node\",\"name\":\"%s\",\"grace_seconds\":%d,\"why\":\"a test\"}"
                .formatted(node.clusterAddress(), grace);
        String operation = order(gateway, "/admin/drain", target).get("operation").stringValue();
        assertThat(operation).startsWith("drain-");
        node.terminated().toCompletableFuture().get(1, TimeUnit.MINUTES);
        awaitProgress(gateway, operation, "done");
        Awaitility.await().until(() -> sees(gateway, "drain-done"));
        load.goOn();
        engines.add(cluster.startAgain(node, Map.of("profile", "gpu-l4")));
        cluster.awaitReplicas(gateway, 2);
        load.goOn();
      }
      load.end();
    }
    assertThat(order(gateway, "/admin/desired", null).get("drains")).isEmpty();
  }

  @Test
  void aReplicaIsDrainedAndTakenBackWhileItsAnswersGoOn() throws Exception {
    SampoNode gateway = cluster.gateway();
    SampoNode engine = cluster.engine(Map.of("profile", "gpu-l4"));
    cluster.engine(Map.of("profile", "gpu-l4"));
    cluster.awaitReplicas(gateway, 2);
    try (Load load = new Load(gateway)) {
      load.goOn();
      String target = "{\"kind\":\"replica\",\"name\":\"sim#0\"}";
      assertThat(
              order(engine, "/admin/drain", target.replace("}", ",\"dry_run\":true}")).get("lines"))
          .anyMatch(line -> line.stringValue().startsWith("would drain replica sim#0"));
      String operation = order(engine, "/admin/drain", target).get("operation").stringValue();
      awaitProgress(engine, operation, "done");
      load.goOn();
      assertThat(order(engine, "/admin/replicas", null).get("replicas"))
          .anyMatch(
              replica ->
                  replica.get("replica").stringValue().equals("sim#0")
                      && replica.get("state").stringValue().equals("draining")
                      && replica.get("places_taken").intValue() == 0);
      order(gateway, "/admin/undrain", target);
      cluster.awaitReplicas(gateway, 2);
      cluster.awaitWork(gateway, "sim#0");
      load.end();
    }
    HttpResponse<String> unknown =
        cluster.admin(gateway, "/admin/drain", "{\"kind\":\"replica\",\"name\":\"sim#9\"}");
    assertThat(unknown.body()).contains("there is no replica sim#9");
  }

  @Test
  void aDrainedNodeIsTakenBackBeforeItHasLeft() throws Exception {
    SampoNode gateway = cluster.gateway();
    SampoNode engine = cluster.engine(Map.of("profile", "gpu-l4"));
    cluster.awaitReplicas(gateway, 1);
    try (Load load = new Load(gateway)) {
      cluster.awaitWork(gateway, "sim#0");
      String target = "{\"kind\":\"node\",\"name\":\"%s\"}".formatted(engine.clusterAddress());
      String operation = order(gateway, "/admin/drain", target).get("operation").stringValue();
      order(engine, "/admin/undrain", target);
      awaitProgress(gateway, operation, "taken_back");
      load.goOn();
      load.end();
    }
    assertThat(engine.terminated().toCompletableFuture().isDone()).isFalse();
  }

  @Test
  void theReplicaOfAKilledNodeRunsElsewhereAndOneTooManyWaitsVisibly() throws Exception {
    SampoNode gateway = cluster.gateway();
    try (NodeProcess dying =
        NodeProcess.start(
            folder,
            "ready",
            "node",
            "--role=engine",
            "--engine=simulated",
            "--engine-option=seed=7,end-probability=0,context=4096",
            "--port=0",
            "--join=" + gateway.clusterAddress())) {
      cluster.awaitReplicas(gateway, 1);
      awaitProgress(gateway, scale(gateway, 1), "done");
      SampoNode spare = cluster.engine(Map.of());
      assertThat(seats(gateway)).containsExactly("sim#0 " + dying.clusterAddress());
      dying.kill();
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(
              () -> assertThat(seats(gateway)).containsExactly("sim#0 " + spare.clusterAddress()));
      cluster.awaitReplicas(gateway, 1);
      assertThat(TestCluster.text(cluster.complete(gateway, "And now", 20)))
          .isEqualTo(TestCluster.expected("And now", 20));
    }
    String more = scale(gateway, 2);
    assertThat(order(gateway, "/admin/operations", null).get("operations"))
        .anyMatch(
            one ->
                one.get("id").stringValue().equals(more)
                    && one.get("progress").stringValue().equals("running")
                    && one.get("left").stringValue().contains("1 wait for an engine node"));
    cluster.engine(Map.of());
    awaitProgress(gateway, more, "done");
  }

  @Test
  void aModelIsLoadedServedAndUnloadedWhileAllGoesOn() throws Exception {
    SampoNode gateway = cluster.gateway();
    SampoNode engine = cluster.engine(Map.of());
    cluster.awaitReplicas(gateway, 1);
    String load = "{\"model\":\"other\",\"source\":\"other\",\"replicas\":1}";
    awaitProgress(
        engine, order(engine, "/admin/load", load).get("operation").stringValue(), "done");
    assertThat(order(gateway, "/admin/load", load).get("errors").toString())
        .contains("there is a model other already");
    Awaitility.await().until(() -> cluster.get(gateway, "/v1/models").body().contains("\"other\""));
    String body = TestCluster.body("Tell me", 30).replace("{", "{\"model\":\"other\",");
    assertThat(TestCluster.text(cluster.post(gateway, "/v1/completions", body)))
        .isEqualTo(TestCluster.expected("Tell me", 30));
    assertThat(order(engine, "/admin/models", null).get("models")).hasSize(2);
    awaitProgress(
        gateway,
        order(gateway, "/admin/unload", "{\"model\":\"other\"}").get("operation").stringValue(),
        "done");
    assertThat(cluster.post(gateway, "/v1/completions", body).statusCode()).isEqualTo(404);
    assertThat(order(gateway, "/admin/unload", "{\"model\":\"sim\"}").get("errors").toString())
        .contains("the model of the gateways' settings");
    assertThat(TestCluster.text(cluster.complete(gateway, "And now", 20)))
        .isEqualTo(TestCluster.expected("And now", 20));
  }

  @Test
  void whatWasOrderedHoldsAtAnotherGatewayAndAfterARestartOfAll() throws Exception {
    cluster.dataFolder(folder);
    SampoNode first = cluster.gateway();
    cluster.engine(Map.of());
    cluster.engine(Map.of());
    cluster.awaitReplicas(first, 2);
    awaitProgress(first, scale(first, 1), "done");
    SampoNode second = cluster.gateway();
    cluster.awaitReplicas(second, 1);
    cluster.stop(first);
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(replicasWanted(second)).isEqualTo(1));
    Awaitility.await().until(() -> Files.exists(folder.resolve("cluster").resolve("orders.json")));
    cluster.close();
    try (TestCluster again = new TestCluster()) {
      again.dataFolder(folder);
      SampoNode gateway = again.gateway();
      again.engine(Map.of());
      again.engine(Map.of());
      again.awaitReplicas(gateway, 1);
      JsonNode desired =
          TestCluster.JSON.readTree(again.admin(gateway, "/admin/desired", null).body());
      assertThat(desired.at("/models/0/replicas").intValue()).isEqualTo(1);
      assertThat(desired.get("seats")).hasSize(1);
      assertThat(desired.get("devices")).allMatch(node -> node.get("threads").intValue() > 0);
    }
  }

  private int replicasWanted(SampoNode node) throws Exception {
    return order(node, "/admin/desired", null).at("/models/0/replicas").intValue(-1);
  }

  private String scale(SampoNode node, int replicas) throws Exception {
    return order(node, "/admin/scale", "{\"model\":\"sim\",\"replicas\":" + replicas + "}")
        .get("operation")
        .stringValue();
  }

  private List<String> seats(SampoNode node) throws Exception {
    List<String> seats = new ArrayList<>();
    for (JsonNode seat : order(node, "/admin/desired", null).get("seats")) {
      seats.add(seat.get("replica").stringValue() + " " + seat.get("node").stringValue());
    }
    return seats;
  }
}
