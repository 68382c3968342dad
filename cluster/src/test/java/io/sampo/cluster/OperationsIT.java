package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.node.SampoNode;
import io.sampo.ops.console.Console;
import io.sampo.ops.jmx.ClusterMXBean;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.management.JMX;
import javax.management.MBeanOperationInfo;
import javax.management.MBeanServer;
import javax.management.Notification;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A cluster as its operators see it, by every door. */
@Timeout(180)
class OperationsIT {

  @TempDir Path folder;

  private final TestCluster cluster = new TestCluster();

  @AfterEach
  void stop() {
    cluster.close();
  }

  private JsonNode look(SampoNode node, String path) throws Exception {
    HttpResponse<String> answer = cluster.admin(node, path, null);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return TestCluster.JSON.readTree(answer.body());
  }

  @Test
  void anyNodeShowsAllOfTheClusterAndNamesWhoDoesNotAnswer() throws Exception {
    SampoNode gateway = cluster.gateway();
    SampoNode engine = cluster.engine(Map.of());
    try (NodeProcess freezing =
        NodeProcess.start(
            folder,
            "ready",
            "node",
            "--role=engine",
            "--engine=simulated",
            "--port=0",
            "--join=" + gateway.clusterAddress())) {
      cluster.awaitReplicas(gateway, 2);
      for (SampoNode asked : new SampoNode[] {gateway, engine}) {
        assertThat(look(asked, "/admin/nodes").get("nodes")).hasSize(3);
        assertThat(look(asked, "/admin/replicas").get("replicas"))
            .hasSize(2)
            .allMatch(replica -> replica.get("state").stringValue().equals("ready"));
        assertThat(look(asked, "/admin/models").at("/models/0/replicas").intValue()).isEqualTo(2);
        assertThat(look(asked, "/admin/queue").at("/queues/0/waiting").intValue()).isZero();
      }
      freezing.signal("STOP");
      JsonNode nodes = look(engine, "/admin/nodes?timeout_millis=500");
      assertThat(nodes.get("nodes")).hasSize(2);
      assertThat(nodes.at("/errors/0/node").stringValue())
          .isEqualTo(freezing.clusterAddress().toString());
      freezing.kill();
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  cluster
                      .admin(gateway, "/admin/events", null)
                      .body()
                      .contains("member-unreachable"));
    }
  }

  @Test
  void requestsAreSeenCountedAndEnded() throws Exception {
    SampoNode gateway = cluster.gateway();
    cluster.engine(Map.of("profile", "gpu-l4"));
    cluster.awaitReplicas(gateway, 1);
    TestCluster.text(cluster.complete(gateway, "Tell me", 50));
    CompletableFuture<HttpResponse<String>> endless =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return cluster.complete(gateway, "Go on", 3000);
              } catch (Exception failed) {
                throw new IllegalStateException(failed);
              }
            });
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                look(gateway, "/admin/requests")
                    .at("/requests/0/phase")
                    .stringValue("")
                    .equals("decode"));
    JsonNode running = look(gateway, "/admin/requests").at("/requests/0");
    assertThat(running.get("replica").stringValue()).isEqualTo("sim#0");
    assertThat(running.get("answer_tokens").intValue()).isPositive();
    String ended =
        cluster
            .admin(
                gateway,
                "/admin/requests/cancel",
                "{\"id\":\"%s\",\"why\":\"a test\"}".formatted(running.get("id").stringValue()))
            .body();
    assertThat(ended).contains("ended");
    HttpResponse<String> cut = endless.get(20, TimeUnit.SECONDS);
    assertThat(cut.statusCode()).isEqualTo(503);
    assertThat(cut.body()).contains("request_cancelled");

    // What a router tells is published every few seconds.
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () ->
                assertThat(cluster.admin(gateway, "/metrics", null).body())
                    .contains(
                        "# TYPE vllm:num_requests_running gauge",
                        "vllm:num_requests_running{model_name=\"sim\"} 0.0",
                        "vllm:num_requests_waiting{model_name=\"sim\"} 0.0",
                        "# TYPE vllm:generation_tokens_total counter",
                        "vllm:request_success_total{finished_reason=\"length\",model_name=\"sim\"}"
                            + " 1.0",
                        "vllm:request_success_total{finished_reason=\"abort\",model_name=\"sim\"}"
                            + " 1.0",
                        "vllm:time_to_first_token_seconds_count{model_name=\"sim\"} 2",
                        "vllm:inter_token_latency_seconds_bucket{model_name=\"sim\",le=\"0.01\"}",
                        "vllm:kv_cache_usage_perc{model_name=\"sim\"}",
                        "vllm:prefix_cache_queries_total{model_name=\"sim\"}",
                        "sampo_requests_failed_total{code=\"request_cancelled\",model_name=\"sim\"}"
                            + " 1.0",
                        "sampo_router_decisions_total{model_name=\"sim\",reason=",
                        "sampo_cluster_members 2.0",
                        "jvm_memory_used_bytes"));
    assertThat(look(gateway, "/admin/events").get("events"))
        .anyMatch(event -> event.get("kind").stringValue().equals("change"));
  }

  @Test
  void theBeansShowTheClusterAndTellWhatHappens() throws Exception {
    MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    // Of several nodes in one JVM all but the first have their name in those of their beans.
    ObjectName any = new ObjectName("io.sampo:type=Cluster,*");
    Set<ObjectName> others = server.queryNames(any, null);
    SampoNode gateway = cluster.gateway();
    ObjectName name =
        server.queryNames(any, null).stream()
            .filter(bean -> !others.contains(bean))
            .findFirst()
            .orElseThrow();
    String suffix = name.toString().substring("io.sampo:type=Cluster".length());
    BlockingQueue<Notification> heard = new LinkedBlockingQueue<>();
    server.addNotificationListener(name, (notification, _) -> heard.add(notification), null, null);
    cluster.engine(Map.of());
    cluster.awaitReplicas(gateway, 1);
    ClusterMXBean bean = JMX.newMXBeanProxy(server, name, ClusterMXBean.class, true);
    // A node learns of the others' ears by gossip.
    Awaitility.await().until(() -> bean.nodes(5000).nodes().size() == 2);
    assertThat(bean.replicas(5000).replicas().getFirst().state()).isEqualTo("ready");
    assertThat(heard)
        .anyMatch(
            notification ->
                notification.getType().equals("io.sampo.member-up")
                    && notification.getUserData() != null);
    assertThat(server.getAttribute(new ObjectName("io.sampo:type=Node" + suffix), "Readiness"))
        .isEqualTo("ready");
    ObjectName operations = new ObjectName("io.sampo:type=Operations" + suffix);
    assertThat(server.getAttribute(operations, "Operations")).isEqualTo(new CompositeData[0]);
    assertThat(server.getMBeanInfo(operations).getOperations())
        .filteredOn(one -> one.getName().equals("drain"))
        .singleElement()
        .extracting(MBeanOperationInfo::getImpact)
        .isEqualTo(MBeanOperationInfo.ACTION);
    assertThat(
            server.getAttribute(
                new ObjectName("io.sampo:type=Scheduler,model=\"sim\"" + suffix), "WaitingBound"))
        .isInstanceOf(Integer.class);
  }

  @Test
  void theConsoleSpeaksToANodeByItsProcessOrOverTheNetworkWithAKey() throws Exception {
    Path keys = folder.resolve("keys");
    Files.writeString(keys, "infer asks\nread looks\nadmin operates\n");
    try (NodeProcess node =
        NodeProcess.start(
            folder,
            "ready",
            "serve",
            "--engine=simulated",
            "--port=0",
            "--jmx-port=0",
            "--api-key-file=" + keys)) {
      String pid = "" + node.pid();
      assertThat(console("--pid", pid, "status").out()).contains("engine,gateway", "ready");
      assertThat(console("--pid", pid, "replicas", "--json").out()).contains("\"state\":\"ready\"");
      assertThat(console("--pid", pid, "top").out()).contains("1 replicas", "DECODE t/s");
      assertThat(console("--pid", pid, "config", "show", "--origin", "api-key").out())
          .contains("command line");
      assertThat(console("--pid", pid, "log", "level", "io.sampo", "debug", "--for", "1h").code())
          .isZero();
      assertThat(console("--pid", pid, "log", "level").out()).contains("io.sampo", "debug");
      Result unasked = console("--pid", pid, "kv", "evict", "--node", "all");
      assertThat(unasked.code()).isEqualTo(1);
      assertThat(unasked.err()).contains("--yes", "--dry-run");
      assertThat(console("--pid", pid, "kv", "evict", "--node", "all", "--dry-run").out())
          .contains("would drop");
      assertThat(console("--pid", pid, "kv", "evict", "--node", "all", "--yes").code()).isZero();
      assertThat(console("--pid", pid, "events").out()).contains("evict KV on all");
      ordersAreGivenAndFollowed(pid);

      String host = node.told("jmx").substring("on ".length());
      Path read = Files.writeString(folder.resolve("read"), "looks\n");
      assertThat(console("--host", host, "--key-file", read.toString(), "nodes").code()).isZero();
      Result refused =
          console(
              "--host", host, "--key-file", read.toString(), "kv", "evict", "--node", "all", "-y");
      assertThat(refused.code()).isEqualTo(1);
      assertThat(refused.err()).contains("this key may not do that");
      Path infer = Files.writeString(folder.resolve("infer"), "asks\n");
      assertThat(console("--host", host, "--key-file", infer.toString(), "nodes").err())
          .contains("wants a read or admin key");
    }
    Result gone = console("--pid", "1", "status");
    assertThat(gone.code()).isEqualTo(1);
    assertThat(gone.err()).startsWith("console: cannot attach to process 1");
    assertThat(console("no-such-verb").code()).isEqualTo(2);
    assertThat(Files.readString(folder.resolve("nodes.log"))).contains("evict KV on all");
  }

  private static void ordersAreGivenAndFollowed(String pid) {
    String replica = "simulated#0";
    assertThat(console("--pid", pid, "drain", "replica", replica).err()).contains("--yes");
    assertThat(console("--pid", pid, "drain", "replica", replica, "--dry-run").out())
        .contains("would drain replica simulated#0", "has 30 s");
    Result drained =
        console("--pid", pid, "drain", "replica", replica, "--grace", "5s", "-y", "--why", "test");
    assertThat(drained.out()).contains("drains replica simulated#0", "tells how far it is");
    assertThat(console("--pid", pid, "desired").out()).contains("an operator", "5s");
    Awaitility.await()
        .until(() -> console("--pid", pid, "operations", "--json").out().contains("\"done\""));
    Awaitility.await().until(() -> console("--pid", pid, "events").out().contains("drain-done"));
    assertThat(console("--pid", pid, "events").out()).contains("(test)");
    assertThat(console("--pid", pid, "undrain", "replica", replica).out()).contains("took");
    assertThat(console("--pid", pid, "undrain", "replica", replica).err()).contains("not drained");
    assertThat(console("--pid", pid, "scale", "simulated", "each", "--dry-run").out())
        .contains("would scale model simulated to each engine node");
    assertThat(console("--pid", pid, "load", "other", "--dry-run").out())
        .contains("would load model other from other");
  }

  private record Result(int code, String out, String err) {}

  private static Result console(String... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Console.run(
            InputStream.nullInputStream(),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            words);
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
