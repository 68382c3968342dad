package io.sampo.kvcache.transfer;

import io.sampo.kvcache.transfer.Deadlines.Deadline;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Makes a fetcher's connections, and can end all of them at once. */
final class Links implements AutoCloseable {

  private final Credentials credentials;
  private final Deadlines deadlines;
  private final Set<Wire> open = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  Links(Credentials credentials, Deadlines deadlines) {
    this.credentials = credentials;
    this.deadlines = deadlines;
  }

  /**
   * Connects and proves, both ways, the knowledge of the secret.
   *
   * @param nanos how long that may take
   */
  Link open(InetSocketAddress address, long nanos) throws IOException {
    SocketChannel channel = SocketChannel.open();
    Wire socket = new PlainWire(channel);
    open.add(socket);
    boolean done = false;
    try (Deadline _ = deadlines.in(nanos, socket::close)) {
      requireOpen();
      channel.connect(address);
      TransferTls tls = credentials.tls();
      Wire wire = tls == null ? socket : TlsWire.over(socket, tls.clientEngine());
      SealedWire proven = Handshake.asFetcher(credentials.secret(), wire);
      done = true;
      return new Link(proven, () -> close(socket));
    } catch (UnresolvedAddressException unknown) {
      throw new IOException("no such host: " + address, unknown);
    } finally {
      if (!done) {
        close(socket);
      }
    }
  }

  /** Asked after the connection is known here, so that none escapes {@link #close}. */
  private void requireOpen() throws IOException {
    if (closed) {
      throw new IOException("the fetcher is closed");
    }
  }

  private void close(Wire socket) {
    open.remove(socket);
    socket.close();
  }

  boolean closed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
    open.forEach(Wire::close);
  }
}
