package io.sampo.ops.jmx;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.rmi.NoSuchObjectException;
import java.rmi.registry.LocateRegistry;
import java.rmi.registry.Registry;
import java.rmi.server.RMIClientSocketFactory;
import java.rmi.server.UnicastRemoteObject;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import javax.management.remote.JMXAuthenticator;
import javax.management.remote.JMXServiceURL;
import javax.management.remote.rmi.RMIConnectorServer;
import javax.management.remote.rmi.RMIJRMPServerImpl;
import javax.net.ssl.SSLContext;
import javax.rmi.ssl.SslRMIClientSocketFactory;
import javax.security.auth.Subject;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets JMX clients in over the network, on one port of one address. With keys each must give one as
 * its password; without keys but with TLS each must show a certificate; without either only this
 * machine reaches the port.
 *
 * <p>Nothing a client sends makes an object of any class but those that operations and their
 * arguments need: strings, numbers, lists and open data. Behind that the {@link JmxGuard} decides.
 */
public final class JmxListener implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(JmxListener.class);
  private static final String NAME = "jmxrmi";

  /**
   * Of what operations and attributes take; depth and size bound what is read before it is judged.
   */
  private static final String ARGUMENTS =
      "maxdepth=20;maxrefs=10000;maxbytes=1000000;maxarray=10000;"
          + "java.lang.*;java.math.*;java.util.*;java.rmi.MarshalledObject;javax.management.*;"
          + "javax.management.openmbean.*;javax.management.remote.*;!*";

  private static final String CREDENTIALS =
      "maxdepth=3;maxrefs=10;maxbytes=4096;maxarray=2;java.lang.String;!*";

  private final Registry registry;
  private final RMIConnectorServer server;
  private final int port;
  private final String host;

  private JmxListener(Registry registry, RMIConnectorServer server, String host, int port) {
    this.registry = registry;
    this.server = server;
    this.host = host;
    this.port = port;
  }

  /**
   * Opens the way in.
   *
   * @param port 0 lets the system choose
   * @param tls the node's identity, or null for no TLS
   * @param keys who may come in, or null where a certificate or the machine is proof enough
   * @throws IllegalArgumentException when others could reach the address without any proof
   */
  public static JmxListener open(
      String host, int port, @Nullable SSLContext tls, @Nullable JmxKeys keys) throws IOException {
    InetAddress address = InetAddress.getByName(host);
    if (tls == null && !address.isLoopbackAddress()) {
      throw new IllegalArgumentException("JMX beyond this machine needs TLS");
    }
    // Stubs tell clients where to come back to; the registry takes names and nothing else.
    System.setProperty("java.rmi.server.hostname", host);
    System.setProperty("sun.rmi.registry.registryFilter", "java.lang.String;!*");
    int chosen = port == 0 ? freePort(address) : port;
    JmxSockets sockets = new JmxSockets(address, tls, tls != null && keys == null);
    RMIClientSocketFactory clients = tls == null ? null : new SslRMIClientSocketFactory();
    Registry registry = LocateRegistry.createRegistry(chosen, clients, sockets);
    RMIJRMPServerImpl objects = new RMIJRMPServerImpl(chosen, clients, sockets, environment(keys));
    RMIConnectorServer server =
        new RMIConnectorServer(
            new JMXServiceURL("service:jmx:rmi://" + bracketed(host) + ":" + chosen),
            environment(keys),
            objects,
            ManagementFactory.getPlatformMBeanServer());
    server.setMBeanServerForwarder(
        JmxGuard.before(ManagementFactory.getPlatformMBeanServer(), keys != null));
    server.start();
    try {
      registry.rebind(NAME, objects.toStub());
    } catch (IOException failed) {
      server.stop();
      throw failed;
    }
    return new JmxListener(registry, server, host, chosen);
  }

  private static Map<String, Object> environment(@Nullable JmxKeys keys) {
    Map<String, Object> environment = new HashMap<>();
    environment.put("jmx.remote.rmi.server.serial.filter.pattern", ARGUMENTS);
    environment.put("jmx.remote.rmi.server.credentials.filter.pattern", CREDENTIALS);
    if (keys != null) {
      environment.put("jmx.remote.authenticator", (JMXAuthenticator) with -> subject(with, keys));
    }
    return environment;
  }

  /** The same words whatever is wrong with what was given. */
  private static Subject subject(@Nullable Object given, JmxKeys keys) {
    if (given instanceof String[] words && words.length == 2 && words[1] != null) {
      JmxUser user = keys.owner(words[1]).orElse(null);
      if (user != null) {
        LOG.info(
            "{} came in over JMX and may {}", user.name(), user.operates() ? "operate" : "look");
        return new Subject(true, Set.of(user), Set.of(), Set.of());
      }
    }
    LOG.warn("somebody without a key was turned away from JMX");
    throw new SecurityException("invalid_api_key");
  }

  private static int freePort(InetAddress address) throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, address)) {
      return socket.getLocalPort();
    }
  }

  private static String bracketed(String host) {
    return host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host;
  }

  /** Where clients come in, as {@code host:port}. */
  public String address() {
    return bracketed(host) + ":" + port;
  }

  /** What a client connects to. */
  public static JMXServiceURL url(String hostAndPort) throws IOException {
    return new JMXServiceURL("service:jmx:rmi:///jndi/rmi://" + hostAndPort + "/" + NAME);
  }

  @Override
  public void close() {
    try {
      server.stop();
    } catch (IOException failed) {
      LOG.warn("JMX clients were not let go: {}", failed.getMessage());
    }
    try {
      UnicastRemoteObject.unexportObject(registry, true);
    } catch (NoSuchObjectException gone) {
      LOG.debug("the registry of JMX is gone already", gone);
    }
  }
}
