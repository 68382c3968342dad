package io.sampo.ops.console;

import io.sampo.kvcache.transfer.TransferTls;
import io.sampo.ops.admin.AdminApi;
import io.sampo.ops.jmx.Beans;
import io.sampo.ops.jmx.ClusterMXBean;
import io.sampo.ops.jmx.JmxListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import javax.management.JMX;
import javax.management.MBeanServerConnection;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import javax.net.ssl.SSLContext;
import javax.rmi.ssl.SslRMIClientSocketFactory;
import org.jspecify.annotations.Nullable;

/** An open way to one node. */
final class Connection implements AutoCloseable {

  private final JMXConnector connector;
  private final AdminApi api;

  private Connection(JMXConnector connector, AdminApi api) {
    this.connector = connector;
    this.api = api;
  }

  /** By process id on this machine, without a port and without a key. */
  static Connection toProcess(String pid) {
    try {
      return open(LocalNodes.address(pid), Map.of(), "process " + pid);
    } catch (IOException refused) {
      throw new ConsoleException(
          "process " + pid + " does not answer (" + refused.getMessage() + ")", refused);
    }
  }

  /**
   * Over the network.
   *
   * @param tls folder with {@code ca.crt}, whose certificates are trusted, and perhaps {@code
   *     tls.crt} and {@code tls.key} to be shown; null for no TLS
   * @param key null where the node wants none
   */
  static Connection toHost(String hostAndPort, @Nullable Path tls, @Nullable String key) {
    Map<String, Object> environment = new HashMap<>();
    if (key != null) {
      environment.put(JMXConnector.CREDENTIALS, new String[] {"key", key});
    }
    try {
      if (tls != null) {
        SSLContext.setDefault(context(tls));
        environment.put("com.sun.jndi.rmi.factory.socket", new SslRMIClientSocketFactory());
      }
      return open(JmxListener.url(hostAndPort), environment, hostAndPort);
    } catch (SecurityException refused) {
      throw new ConsoleException(
          hostAndPort + " wants a read or admin key; give --key-file FILE", refused);
    } catch (IOException failed) {
      throw new ConsoleException(
          "cannot speak to "
              + hostAndPort
              + "; give the port of --jmx-port, and --tls FOLDER where the node has --jmx-tls ("
              + firstLine(failed)
              + ")",
          failed);
    }
  }

  private static String firstLine(Exception failed) {
    return String.valueOf(failed.getMessage()).lines().findFirst().orElse("").strip();
  }

  private static SSLContext context(Path folder) throws IOException {
    Path own = folder.resolve("tls.crt");
    return Files.exists(own)
        ? TransferTls.read(own, folder.resolve("tls.key"), folder.resolve("ca.crt")).context()
        : TransferTls.trusting(folder.resolve("ca.crt")).context();
  }

  // No name is looked up but the one of the registry's only object, in a node that the operator
  // named.
  @SuppressWarnings("BanJNDI")
  private static Connection open(JMXServiceURL url, Map<String, Object> environment, String node)
      throws IOException {
    JMXConnector connector = JMXConnectorFactory.connect(url, environment);
    MBeanServerConnection beans = connector.getMBeanServerConnection();
    try {
      Set<ObjectName> found =
          beans.queryNames(new ObjectName(Beans.DOMAIN + ":type=Cluster,*"), null);
      if (found.isEmpty()) {
        connector.close();
        throw new ConsoleException(node + " is no node of Sampo, or is still starting");
      }
      ObjectName cluster = found.stream().sorted().findFirst().orElseThrow();
      return new Connection(
          connector, JMX.newMXBeanProxy(beans, cluster, ClusterMXBean.class, true));
    } catch (MalformedObjectNameException impossible) {
      throw new IllegalStateException("the name of the cluster's bean is fixed", impossible);
    }
  }

  AdminApi api() {
    return api;
  }

  @Override
  public void close() {
    try {
      connector.close();
    } catch (IOException gone) {
      // The node has closed it first.
    }
  }
}
