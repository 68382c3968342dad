package io.sampo.cluster;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sampo.cluster.membership.ClusterSettings;
import io.sampo.cluster.membership.JoinFailedException;
import io.sampo.cluster.membership.Role;
import io.sampo.cluster.membership.Seed;
import io.sampo.cluster.node.SampoNode;
import io.sampo.engines.spi.EngineSettings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that prove themselves to each other, and one that cannot. */
@Timeout(120)
class ClusterTlsIT {

  private static final String PASSWORD = "password";

  @TempDir private static Path folder;

  private final TestCluster cluster = new TestCluster();

  @BeforeAll
  static void makeIdentities() throws Exception {
    makeIdentity("node");
    makeIdentity("stranger");
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void nodesOfOneAuthorityServeTogetherAndNobodyElseComesIn() throws Exception {
    cluster.identity(folder.resolve("node"));
    SampoNode gateway = cluster.gateway();
    cluster.engine(Map.of());
    cluster.awaitReplicas(gateway, 1);
    cannotJoin(gateway.clusterAddress(), folder.resolve("stranger"));
    cannotJoin(gateway.clusterAddress(), null);

    assertThat(TestCluster.text(cluster.complete(gateway, "Tell me", 20)))
        .isEqualTo(TestCluster.expected("Tell me", 20));
    cluster.awaitMembers(gateway, 2);
  }

  private static void cannotJoin(Seed place, @Nullable Path identity) {
    SampoNode node =
        SampoNode.start(
            TestCluster.settings(
                new ClusterSettings(Set.of(Role.ENGINE), "127.0.0.1", 0, List.of(place), identity),
                null,
                EngineSettings.DEFAULTS,
                "cluster.membership.join-limit = 2 s"));
    try {
      assertThatThrownBy(() -> node.joined().toCompletableFuture().get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(JoinFailedException.class)
          .cause()
          .hasMessageContaining("is no node that takes this one: give its cluster port");
    } finally {
      node.close();
    }
  }

  /** A key, and a certificate that it signed itself and that is its own authority. */
  private static void makeIdentity(String name) throws Exception {
    Path own = Files.createDirectory(folder.resolve(name));
    Path store = own.resolve("made.p12");
    String command =
        "%s -genkeypair -alias one -keyalg EC -groupname secp256r1 -validity 2 -storetype PKCS12 -storepass %s -dname CN=%s -keystore %s"
            .formatted(
                Path.of(System.getProperty("java.home"), "bin", "keytool"), PASSWORD, name, store);
    Process keytool = new ProcessBuilder(command.split(" ")).inheritIO().start();
    assertThat(keytool.waitFor()).isZero();
    KeyStore made = KeyStore.getInstance("PKCS12");
    try (InputStream bytes = Files.newInputStream(store)) {
      made.load(bytes, PASSWORD.toCharArray());
    }
    byte[] certificate = made.getCertificate("one").getEncoded();
    writePem(own.resolve("tls.crt"), "CERTIFICATE", certificate);
    writePem(own.resolve("ca.crt"), "CERTIFICATE", certificate);
    byte[] key = made.getKey("one", PASSWORD.toCharArray()).getEncoded();
    writePem(own.resolve("tls.key"), "PRIVATE KEY", key);
  }

  private static void writePem(Path file, String what, byte[] bytes) throws IOException {
    String body = Base64.getMimeEncoder(64, "\n".getBytes(US_ASCII)).encodeToString(bytes);
    Files.writeString(
        file, "-----BEGIN %s-----%n%s%n-----END %s-----%n".formatted(what, body, what));
  }
}
