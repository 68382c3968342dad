package io.sampo.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.cluster.membership.ClusterSettings;
import io.sampo.cluster.membership.JoinFailedException;
import io.sampo.cluster.membership.Role;
import io.sampo.cluster.membership.Seed;
import io.sampo.cluster.node.SampoNode;
import io.sampo.engines.spi.EngineSettings;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several nodes as one cluster, asked over HTTP. */
@Timeout(180)
class ClusterIT {

  private final TestCluster cluster = new TestCluster();

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void aGatewayServesWithTheReplicasOfItsEngineNodes() throws Exception {
    SampoNode gateway = cluster.gateway();
    assertThat(cluster.get(gateway, "/ready").statusCode()).isEqualTo(503);
    SampoNode engine = cluster.engine(Map.of());
    cluster.engine(Map.of());
    cluster.awaitReplicas(gateway, 2);

    HttpResponse<String> answer = cluster.complete(gateway, "Tell me", 50);
    assertThat(TestCluster.text(answer)).isEqualTo(TestCluster.expected("Tell me", 50));
    Awaitility.await().until(() -> cluster.get(engine, "/ready").statusCode() == 200);
    assertThat(cluster.get(engine, "/v1/models").body())
        .contains("This node runs models for its cluster and takes no requests; ask a gateway.");
  }

  @Test
  void anEngineNodeThatLeavesHandsItsAnswersOver() throws Exception {
    SampoNode gateway = cluster.gateway();
    SampoNode leaving = cluster.engine(Map.of("profile", "gpu-l4"));
    cluster.awaitReplicas(gateway, 1);
    cluster.answersAreWhole(
        gateway,
        () -> {
          cluster.awaitWork(gateway, "sim#0");
          cluster.engine(Map.of());
          cluster.awaitReplicas(gateway, 2);
          cluster.awaitWork(gateway, "sim#0");
          cluster.stop(leaving);
        });
    cluster.awaitReplicas(gateway, 1);
  }

  @Test
  void theOtherGatewayServesWhenOneHasLeft() throws Exception {
    SampoNode first = cluster.gateway();
    SampoNode second = cluster.gateway();
    cluster.engine(Map.of());
    cluster.awaitReplicas(first, 1);
    cluster.awaitReplicas(second, 1);
    cluster.stop(first);

    assertThat(TestCluster.text(cluster.complete(second, "And now", 20)))
        .isEqualTo(TestCluster.expected("And now", 20));
    SampoNode third = cluster.gateway();
    cluster.awaitReplicas(third, 1);
    assertThat(TestCluster.text(cluster.complete(third, "And then", 20)))
        .isEqualTo(TestCluster.expected("And then", 20));
  }

  @Test
  void aNodeThatFindsNobodySaysSo() throws Exception {
    int free;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      free = socket.getLocalPort();
    }
    cannotJoin("127.0.0.1:" + free, "nobody listens at 127.0.0.1:" + free);
    cannotJoin("no.such.host.invalid:1", "there is no host of the name no.such.host.invalid");
  }

  @Test
  void aNodeThatFindsSomethingElseSaysSo() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      String place = "127.0.0.1:" + other.getLocalPort();
      cannotJoin(
          place,
          place
              + " is no node that takes this one: give its cluster port (not the one of HTTP) and"
              + " the same TLS settings as it has");
    }
  }

  private static void cannotJoin(String place, String reason) {
    ClusterSettings settings =
        new ClusterSettings(Set.of(Role.ENGINE), "127.0.0.1", 0, List.of(Seed.parse(place)), null);
    SampoNode node =
        SampoNode.start(
            TestCluster.settings(
                settings, null, EngineSettings.DEFAULTS, "cluster.membership.join-limit = 1 s"));
    try {
      assertThatThrownBy(() -> node.joined().toCompletableFuture().get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(JoinFailedException.class)
          .cause()
          .hasMessage("cannot join a cluster within 1 s: " + reason);
    } finally {
      node.close();
    }
  }
}
