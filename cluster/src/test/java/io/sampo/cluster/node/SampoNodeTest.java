package io.sampo.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.sampo.cluster.node.NodeSettings.ModelSettings;
import io.sampo.engines.spi.EngineSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SampoNodeTest {

  @TempDir Path data;

  @Test
  void isReadyOnceItsModelHasProducedAToken() throws Exception {
    NodeSettings settings =
        new NodeSettings(
            "127.0.0.1",
            0,
            "127.0.0.1",
            0,
            data,
            new ModelSettings("sim", List.of(), data, "simulated", EngineSettings.DEFAULTS),
            false,
            null,
            List.of(),
            Duration.ofSeconds(5),
            "");
    try (SampoNode node = SampoNode.start(settings)) {
      assertThat(node.ready().toCompletableFuture().get(20, TimeUnit.SECONDS).capabilities())
          .matches(capabilities -> capabilities.simulated());
      System.err.println(node.startupTimes());
    }
  }
}
