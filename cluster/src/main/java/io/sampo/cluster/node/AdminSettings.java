package io.sampo.cluster.node;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where operators reach a node beside the local attach of its JVM.
 *
 * @param host address of the admin listener
 * @param port its port; 0 lets the system choose
 * @param orAnother whether another port is taken where this one is in use
 * @param jmx remote JMX, or null for none
 * @param given what was set by somebody, to be shown
 */
public record AdminSettings(
    String host, int port, boolean orAnother, @Nullable Jmx jmx, List<Given> given) {

  /** On a free port of the loopback, without remote JMX. */
  public static final AdminSettings LOOPBACK =
      new AdminSettings("127.0.0.1", 0, false, null, List.of());

  /**
   * Where JMX is reached over the network.
   *
   * @param host address; any but loopback needs {@code tls} and keys
   * @param port of registry and objects alike; 0 lets the system choose
   * @param tls folder with {@code tls.crt}, {@code tls.key} and {@code ca.crt}, or null for none
   */
  public record Jmx(String host, int port, @Nullable Path tls) {}

  /**
   * A setting that somebody gave.
   *
   * @param origin command line, environment or file
   */
  public record Given(String name, String value, String origin) {}

  public AdminSettings {
    given = List.copyOf(given);
  }
}
