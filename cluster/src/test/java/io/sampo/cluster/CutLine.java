package io.sampo.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A way to a node's endpoint whose connections can all be cut at once; new ones get through. */
final class CutLine implements AutoCloseable {

  private final int behind;
  private final ServerSocket socket = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
  private final List<Socket> open = new CopyOnWriteArrayList<>();

  CutLine(int behind) throws IOException {
    this.behind = behind;
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return socket.getLocalPort();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = socket.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), behind);
        open.add(client);
        open.add(server);
        Thread.ofVirtual().start(() -> pass(client, server));
        Thread.ofVirtual().start(() -> pass(server, client));
      }
    } catch (IOException over) {
      // The test is.
    }
  }

  private static void pass(Socket source, Socket sink) {
    try (source;
        sink) {
      source.getInputStream().transferTo(sink.getOutputStream());
    } catch (IOException over) {
      // One side is gone, and with this the other.
    }
  }

  void cut() throws IOException {
    for (Socket one : open) {
      one.close();
    }
    open.clear();
  }

  @Override
  public void close() throws IOException {
    socket.close();
    cut();
  }
}
