package io.sampo.cluster.cli.settings;

import io.sampo.cluster.node.AdminSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where operators reach a node. */
final class AdminFlags {

  private static final String LOOPBACK = "127.0.0.1";

  private AdminFlags() {}

  /**
   * @param httpPort where the node takes requests
   * @param keys whether there are keys
   */
  static AdminSettings settings(Layers layers, int httpPort, boolean keys) {
    String host = layers.text(Flags.ADMIN_HOST, LOOPBACK);
    if (!keys) {
      ClusterFlags.requireLoopback(
          layers,
          Flags.ADMIN_HOST,
          host,
          "others could reach this address and no keys are set; give --api-key-file FILE"
              + " with a line 'admin KEY', or keep --admin-host 127.0.0.1");
    }
    int next = httpPort == 0 || httpPort == 65535 ? 0 : httpPort + 1;
    return new AdminSettings(
        host,
        layers.number(Flags.ADMIN_PORT, 0, 65535, next),
        layers.find(Flags.ADMIN_PORT).isEmpty(),
        jmx(layers),
        given(layers));
  }

  private static AdminSettings.@Nullable Jmx jmx(Layers layers) {
    if (layers.find(Flags.JMX_PORT).isEmpty()) {
      layers
          .find(Flags.JMX_HOST)
          .or(() -> layers.find(Flags.JMX_TLS))
          .ifPresent(
              given -> {
                throw given.refused("without --jmx-port nobody comes in there; give that too");
              });
      return null;
    }
    String host = layers.text(Flags.JMX_HOST, LOOPBACK);
    Path tls = ClusterFlags.tls(layers, Flags.JMX_TLS);
    if (tls == null) {
      ClusterFlags.requireLoopback(
          layers,
          Flags.JMX_HOST,
          host,
          "others could reach this address; give --jmx-tls FOLDER, or keep --jmx-host 127.0.0.1");
    }
    return new AdminSettings.Jmx(host, layers.number(Flags.JMX_PORT, 0, 65535, 0), tls);
  }

  /** What was set by somebody, to be shown to operators. No flag holds a secret. */
  private static List<AdminSettings.Given> given(Layers layers) {
    List<AdminSettings.Given> all = new ArrayList<>();
    for (Flag flag : Flags.NODE) {
      layers
          .find(flag)
          .ifPresent(
              given -> all.add(new AdminSettings.Given(flag.name(), given.text(), origin(given))));
    }
    return all;
  }

  private static String origin(Given given) {
    if (given.place().startsWith("--")) {
      return "command line";
    }
    return given.place().startsWith("SAMPO_") ? "environment" : "file";
  }
}
