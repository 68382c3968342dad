package io.sampo.cluster.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.sampo.cluster.gateway.decode.Defaults;
import io.sampo.engines.spi.Sampling;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GatewaySettingsTest {

  @Test
  void hasTheseDefaults() {
    Config reference = ConfigFactory.defaultReference();
    assertThat(GatewaySettings.from(reference))
        .usingRecursiveComparison()
        .isEqualTo(
            new GatewaySettings(
                4096,
                8 << 20,
                Duration.ofSeconds(30),
                Duration.ofSeconds(10),
                Duration.ofSeconds(75),
                Duration.ofSeconds(90),
                64,
                Duration.ofSeconds(15),
                4,
                new Defaults(
                    sampling(0.8f, 40, 0.95f, 0.05f, 1f, 1f, 64, 0f, 0f),
                    16,
                    Duration.ofMinutes(10),
                    Duration.ofHours(24)),
                reference.getConfig("cluster.gateway.http")));
  }

  @Test
  void readsEveryKey() {
    Config config =
        ConfigFactory.parseString(
            """
            cluster.gateway {
              max-connections = 5
              max-body-bytes = 2 KiB
              body-timeout = 6 s
              header-timeout = 7 s
              idle-timeout = 8 s
              write-timeout = 9 s
              stream-credit = 10
              keep-alive = 11 s
              max-tokenizations = 12
              request-timeout = 13 s
              max-request-timeout = 14 s
              completion-max-tokens = 0
              sampling {
                temperature = 0.1
                top-k = 2
                top-p = 0.3
                min-p = 0.4
                typical-p = 0.5
                repeat-penalty = 1.6
                repeat-last-n = 17
                frequency-penalty = 0.18
                presence-penalty = 0.19
              }
              http { backlog = 20 }
            }
            """);
    assertThat(GatewaySettings.from(config))
        .usingRecursiveComparison()
        .withEqualsForType(Config::equals, Config.class)
        .isEqualTo(
            new GatewaySettings(
                5,
                2048,
                Duration.ofSeconds(6),
                Duration.ofSeconds(7),
                Duration.ofSeconds(8),
                Duration.ofSeconds(9),
                10,
                Duration.ofSeconds(11),
                12,
                new Defaults(
                    sampling(0.1f, 2, 0.3f, 0.4f, 0.5f, 1.6f, 17, 0.18f, 0.19f),
                    Integer.MAX_VALUE,
                    Duration.ofSeconds(13),
                    Duration.ofSeconds(14)),
                ConfigFactory.parseString("backlog = 20")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "max-connections = 0",
        "max-body-bytes = 1",
        "stream-credit = 1",
        "keep-alive = 0 s",
        "write-timeout = 0 s",
        "completion-max-tokens = -1",
        "max-request-timeout = 1 s"
      })
  void refusesWhatIsOutOfRange(String wrong) {
    Config config =
        ConfigFactory.parseString("cluster.gateway." + wrong)
            .withFallback(ConfigFactory.defaultReference());
    assertThatThrownBy(() -> GatewaySettings.from(config))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(wrong.substring(0, wrong.indexOf(' ')));
  }

  private static Sampling sampling(
      float temperature,
      int topK,
      float topP,
      float minP,
      float typicalP,
      float repeatPenalty,
      int repeatLastTokens,
      float frequencyPenalty,
      float presencePenalty) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        typicalP,
        repeatPenalty,
        repeatLastTokens,
        frequencyPenalty,
        presencePenalty,
        0,
        0,
        new int[0],
        new float[0],
        false,
        -1,
        null);
  }
}
