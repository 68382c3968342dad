package io.sampo.ops.jmx;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.rmi.server.RMIServerSocketFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import org.jspecify.annotations.Nullable;

/**
 * Listens on one address, with TLS where there is an identity.
 *
 * @param tls null for no TLS
 * @param certificates whether a client must show a certificate
 */
record JmxSockets(InetAddress address, @Nullable SSLContext tls, boolean certificates)
    implements RMIServerSocketFactory {

  private static final int BACKLOG = 16;

  @Override
  public ServerSocket createServerSocket(int port) throws IOException {
    if (tls == null) {
      return new ServerSocket(port, BACKLOG, address);
    }
    SSLServerSocket socket =
        (SSLServerSocket) tls.getServerSocketFactory().createServerSocket(port, BACKLOG, address);
    socket.setEnabledProtocols(new String[] {"TLSv1.3"});
    socket.setNeedClientAuth(certificates);
    return socket;
  }
}
