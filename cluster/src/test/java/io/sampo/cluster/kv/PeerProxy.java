package io.sampo.cluster.kv;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/** Stands before a node's block server and lets a part of what it says through. */
final class PeerProxy implements AutoCloseable {

  /** What becomes of the server's bytes from some byte on. */
  enum Fault {
    /** The connection ends, as that of a process that is killed. */
    CUT,
    /** Nothing comes any more, as from a process that is stopped. */
    STALL,
    /** A Mbit a second. */
    THROTTLE,
    /** Each has one bit turned over. */
    CHANGE
  }

  private static final double THROTTLED_NANOS_PER_BYTE = 8e9 / 1e6;

  private final InetSocketAddress server;
  private final Fault fault;
  private final long from;
  private final ServerSocket socket = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);

  PeerProxy(InetSocketAddress server, Fault fault, long from) throws IOException {
    this.server = server;
    this.fault = fault;
    this.from = from;
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return socket.getLocalPort();
  }

  private void accept() {
    try {
      while (true) {
        Socket fetcher = socket.accept();
        Socket behind = new Socket(server.getAddress(), server.getPort());
        open.add(fetcher);
        open.add(behind);
        Thread.ofVirtual().start(() -> pass(fetcher, behind, Long.MAX_VALUE));
        Thread.ofVirtual().start(() -> pass(behind, fetcher, from));
      }
    } catch (IOException over) {
      // The test is.
    }
  }

  private void pass(Socket source, Socket sink, long faultFrom) {
    byte[] bytes = new byte[1 << 10];
    try (source;
        sink) {
      InputStream in = source.getInputStream();
      OutputStream out = sink.getOutputStream();
      long passed = 0;
      for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
        passed += count;
        if (passed > faultFrom && !damage(bytes, count)) {
          return;
        }
        out.write(bytes, 0, count);
      }
    } catch (IOException | InterruptedException over) {
      // One side is gone, and with this the other.
    }
  }

  /** False where the connection ends. */
  private boolean damage(byte[] bytes, int count) throws InterruptedException {
    switch (fault) {
      case CUT -> {
        return false;
      }
      case STALL -> closed.await();
      case THROTTLE -> LockSupport.parkNanos((long) (count * THROTTLED_NANOS_PER_BYTE));
      case CHANGE -> bytes[count / 2] ^= 4;
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    socket.close();
    for (Socket one : open) {
      one.close();
    }
  }
}
