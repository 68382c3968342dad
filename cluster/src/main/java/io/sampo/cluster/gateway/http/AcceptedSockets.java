package io.sampo.cluster.gateway.http;

import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.io.Inet;
import org.jspecify.annotations.Nullable;

/**
 * The channels of accepted connections, from the moment Pekko accepts one to the moment its stream
 * is made; a socket option is the place where Pekko shows them.
 *
 * <p>Invariant: holds no more channels than are open or were opened since the last look.
 */
public final class AcceptedSockets extends Inet.AbstractSocketOption {

  /** How many may wait before those that have closed meanwhile are looked for. */
  private static final int LOOK_AFTER = 64;

  private final Map<SocketAddress, SocketChannel> waiting = new ConcurrentHashMap<>();

  @Override
  public void afterConnect(Socket socket) {
    SocketAddress peer = socket.getRemoteSocketAddress();
    SocketChannel channel = socket.getChannel();
    if (peer == null || channel == null) {
      return;
    }
    if (waiting.size() >= LOOK_AFTER) {
      waiting.values().removeIf(other -> !other.isOpen());
    }
    waiting.put(peer, channel);
  }

  /** Takes the channel of the connection from this peer, once. */
  public @Nullable SocketChannel take(InetSocketAddress peer) {
    return waiting.remove(peer);
  }
}
