package io.sampo.cluster.membership;

import io.sampo.kvcache.transfer.TransferTls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.remote.artery.tcp.SSLEngineProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;

/**
 * TLS 1.3 between nodes, in which both sides show a certificate of the cluster's own authority. A
 * node is taken for one of the cluster because that authority signed for it; names are not
 * compared. Files that are replaced are read again for the next connection.
 */
public final class ClusterTls implements SSLEngineProvider {

  private static final Logger LOG = LoggerFactory.getLogger(ClusterTls.class);
  private static final String FOLDER = "cluster.membership.tls";

  /** As Kubernetes names the files of such a secret. */
  private static final List<String> FILES = List.of("tls.crt", "tls.key", "ca.crt");

  private final Path folder;
  private List<Object> read = List.of();
  private TransferTls identity;

  /** For Pekko, which makes it by name. */
  public ClusterTls(ActorSystem system) {
    this(Path.of(system.settings().config().getString(FOLDER)));
  }

  ClusterTls(Path folder) {
    this.folder = folder;
    try {
      read = state();
      identity = read(folder);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable.getMessage(), unreadable);
    }
  }

  /** What the actor system is told so that nodes speak TLS. */
  public static Map<String, Object> config(Path folder) {
    return Map.of(
        FOLDER,
        folder.toString(),
        "pekko.remote.artery.transport",
        "tls-tcp",
        "pekko.remote.artery.ssl.ssl-engine-provider",
        ClusterTls.class.getName());
  }

  /**
   * Reads a node's identity: {@code tls.crt} and {@code tls.key} (PKCS #8) are its own, {@code
   * ca.crt} is the authority of all nodes; PEM files.
   *
   * @throws IOException when one cannot be read or is not what it must be; the message names it
   */
  public static TransferTls read(Path folder) throws IOException {
    for (String file : FILES) {
      if (!Files.isReadable(folder.resolve(file))) {
        throw new IOException("there is no readable file " + folder.resolve(file));
      }
    }
    return TransferTls.read(
        folder.resolve("tls.crt"), folder.resolve("tls.key"), folder.resolve("ca.crt"));
  }

  private List<Object> state() throws IOException {
    List<Object> state = new ArrayList<>();
    for (String file : FILES) {
      state.add(Files.getLastModifiedTime(folder.resolve(file)));
      state.add(Files.size(folder.resolve(file)));
    }
    return state;
  }

  /** Files that are being replaced, or are broken, change nothing. */
  private synchronized TransferTls identity() {
    try {
      List<Object> now = state();
      if (!now.equals(read)) {
        identity = read(folder);
        read = now;
      }
    } catch (IOException unreadable) {
      LOG.warn("the old certificate stays in use: {}", unreadable.getMessage());
    }
    return identity;
  }

  @Override
  public SSLEngine createServerSSLEngine(String host, int port) {
    return identity().serverEngine();
  }

  @Override
  public SSLEngine createClientSSLEngine(String host, int port) {
    return identity().clientEngine();
  }

  @Override
  public Option<Throwable> verifyClientSession(String host, SSLSession session) {
    return Option.empty();
  }

  @Override
  public Option<Throwable> verifyServerSession(String host, SSLSession session) {
    return Option.empty();
  }
}
