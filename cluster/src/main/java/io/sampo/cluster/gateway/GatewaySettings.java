package io.sampo.cluster.gateway;

import com.typesafe.config.Config;
import io.sampo.cluster.gateway.decode.Defaults;
import io.sampo.engines.spi.Sampling;
import java.time.Duration;

/**
 * The subtree {@code cluster.gateway}; {@code reference.conf} describes each key.
 *
 * @param http Pekko HTTP's own server settings, as a subtree
 */
public record GatewaySettings(
    int maxConnections,
    int maxBodyBytes,
    Duration bodyTimeout,
    Duration headerTimeout,
    Duration idleTimeout,
    Duration writeTimeout,
    int streamCredit,
    Duration keepAlive,
    int maxTokenizations,
    Defaults defaults,
    Config http) {

  public GatewaySettings {
    atLeast("max-connections", maxConnections, 1);
    atLeast("max-body-bytes", maxBodyBytes, 1024);
    atLeast("stream-credit", streamCredit, 2);
    atLeast("max-tokenizations", maxTokenizations, 1);
    positive("body-timeout", bodyTimeout);
    positive("header-timeout", headerTimeout);
    positive("idle-timeout", idleTimeout);
    positive("write-timeout", writeTimeout);
    positive("keep-alive", keepAlive);
  }

  /**
   * Reads them.
   *
   * @param config the whole configuration
   */
  public static GatewaySettings from(Config config) {
    Config gateway = config.getConfig("cluster.gateway");
    return new GatewaySettings(
        gateway.getInt("max-connections"),
        Math.toIntExact(gateway.getBytes("max-body-bytes")),
        gateway.getDuration("body-timeout"),
        gateway.getDuration("header-timeout"),
        gateway.getDuration("idle-timeout"),
        gateway.getDuration("write-timeout"),
        gateway.getInt("stream-credit"),
        gateway.getDuration("keep-alive"),
        gateway.getInt("max-tokenizations"),
        new Defaults(
            sampling(gateway.getConfig("sampling")),
            maxTokens(gateway.getInt("completion-max-tokens")),
            gateway.getDuration("request-timeout"),
            gateway.getDuration("max-request-timeout")),
        gateway.getConfig("http"));
  }

  private static int maxTokens(int configured) {
    return configured == 0 ? Integer.MAX_VALUE : configured;
  }

  private static Sampling sampling(Config sampling) {
    return new Sampling(
        (float) sampling.getDouble("temperature"),
        sampling.getInt("top-k"),
        (float) sampling.getDouble("top-p"),
        (float) sampling.getDouble("min-p"),
        (float) sampling.getDouble("typical-p"),
        (float) sampling.getDouble("repeat-penalty"),
        sampling.getInt("repeat-last-n"),
        (float) sampling.getDouble("frequency-penalty"),
        (float) sampling.getDouble("presence-penalty"),
        0,
        0,
        new int[0],
        new float[0],
        false,
        -1,
        null);
  }

  private static void atLeast(String key, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(
          "cluster.gateway." + key + " must be at least " + least + ", not " + value);
    }
  }

  private static void positive(String key, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException("cluster.gateway." + key + " must be over 0");
    }
  }
}
