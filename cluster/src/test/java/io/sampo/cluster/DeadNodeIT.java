package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.membership.Seed;
import io.sampo.cluster.node.SampoNode;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Nodes in JVMs of their own that die or freeze, while clients wait for answers. */
@Timeout(240)
class DeadNodeIT {

  @TempDir Path folder;

  private final TestCluster cluster = new TestCluster();

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void answersGoOnWholeWhenTheirEngineNodeIsKilled() throws Exception {
    SampoNode gateway = cluster.gateway();
    try (NodeProcess dying = engine(gateway.clusterAddress())) {
      cluster.awaitReplicas(gateway, 1);
      cluster.answersAreWhole(
          gateway,
          () -> {
            haveAnotherReplica(gateway);
            dying.kill();
          });
      cluster.awaitReplicas(gateway, 1);
    }
  }

  @Test
  void answersGoOnWholeWhenTheirEngineNodeFreezesAndWakesUp() throws Exception {
    SampoNode gateway = cluster.gateway();
    try (NodeProcess freezing = engine(gateway.clusterAddress())) {
      cluster.awaitReplicas(gateway, 1);
      cluster.answersAreWhole(
          gateway,
          () -> {
            haveAnotherReplica(gateway);
            freezing.signal("STOP");
          });
      freezing.signal("CONT");
      cluster.awaitReplicas(gateway, 2);
      assertThat(TestCluster.text(cluster.complete(gateway, "And now", 20)))
          .isEqualTo(TestCluster.expected("And now", 20));
    }
  }

  /** While the only one that there was works at answers. */
  private void haveAnotherReplica(SampoNode gateway) throws Exception {
    cluster.awaitWork(gateway, "sim#0");
    cluster.engine(Map.of());
    cluster.awaitReplicas(gateway, 2);
    cluster.awaitWork(gateway, "sim#0");
  }

  @Test
  void theOtherGatewayServesWhenTheFirstIsKilled() throws Exception {
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
      cluster.engine(Map.of());
      cluster.awaitReplicas(second, 1);
      first.kill();
      long killed = System.nanoTime();
      HttpResponse<String> answer = cluster.complete(second, "And now", 20);
      assertThat(TestCluster.text(answer)).isEqualTo(TestCluster.expected("And now", 20));
      assertThat(answer.headers().firstValue("x-sampo-route")).contains("fallback bounded-load");
      assertThat(Duration.ofNanos(System.nanoTime() - killed)).isLessThan(Duration.ofSeconds(6));
      assertThat(cluster.get(second, "/stats").body()).contains("\"placed_by_fallback\":1");
      assertThat(cluster.get(second, "/ready").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aNodeThatIsTooLongAwayEndsWithALine() throws Exception {
    SampoNode gateway = cluster.gateway();
    try (NodeProcess away = engine(gateway.clusterAddress())) {
      cluster.awaitReplicas(gateway, 1);
      away.signal("STOP");
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> cluster.get(gateway, "/ready").body().contains("no engine node"));
      cluster.awaitMembers(gateway, 1);
      away.signal("CONT");
      assertThat(away.ended()).isEqualTo(1);
      assertThat(Files.readString(folder.resolve("nodes.log")))
          .contains("sampo: this node was removed from its cluster");
    }
  }

  @Test
  void aSupervisorStartsItsNodeAgainAndEndsWithIt() throws Exception {
    try (NodeProcess node =
        NodeProcess.start(
            folder, "ready", "serve", "--supervised", "--engine=simulated", "--port=0")) {
      node.killChild();
      node.awaitAgain("ready");
      assertThat(node.httpPort()).isPositive();
      node.terminate();
      assertThat(node.ended()).isEqualTo(143);
      assertThat(node.hasChildren()).isFalse();
    }
    assertThat(Files.readString(folder.resolve("nodes.log")))
        .contains("sampo: the node ended with exit code 137; it is started again in 1 s");
  }

  private NodeProcess engine(Seed join) throws Exception {
    return NodeProcess.start(
        folder,
        "ready",
        "node",
        "--role=engine",
        "--engine=simulated",
        "--engine-option=seed=7,end-probability=0,context=4096,profile=gpu-l4",
        "--parallel=16",
        "--port=0",
        "--join=" + join);
  }
}
