package io.sampo.kvcache.transfer;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * Stands between a fetcher and a server and does to the server's bytes what networks do: cuts them
 * off, holds them back, slows them down, changes one.
 */
final class FaultProxy implements AutoCloseable {

  /** What happens to the n-th byte of a connection. */
  sealed interface Fault {}

  /** The connection ends before this byte, as that of a process that dies. */
  record Cut(long at) implements Fault {}

  /** The connection is reset before this byte, and what was on its way is lost. */
  record Reset(long at) implements Fault {}

  /** From this byte on nothing comes, and the connection stays. */
  record Stall(long at) implements Fault {}

  /** So many bytes a second, at most. */
  record Throttle(long bytesPerSecond) implements Fault {}

  /** One bit of this byte is another. */
  record Flip(long at) implements Fault {}

  private final InetSocketAddress server;
  private final Fault fault;
  private final ServerSocketChannel socket;
  private final List<SocketChannel> channels = new ArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);

  FaultProxy(InetSocketAddress server, Fault fault) throws IOException {
    this.server = server;
    this.fault = fault;
    socket = ServerSocketChannel.open().bind(Texts.anyPort());
    Thread.ofVirtual().start(this::accept);
  }

  InetSocketAddress address() throws IOException {
    return (InetSocketAddress) socket.getLocalAddress();
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel fetcher = socket.accept();
        SocketChannel behind = SocketChannel.open(server);
        synchronized (channels) {
          channels.add(fetcher);
          channels.add(behind);
        }
        Thread.ofVirtual().start(() -> pass(fetcher, behind, new Throttle(Long.MAX_VALUE)));
        Thread.ofVirtual().start(() -> pass(behind, fetcher, fault));
      }
    } catch (IOException over) {
      // The test is.
    }
  }

  private void pass(SocketChannel from, SocketChannel to, Fault what) {
    // Small, so that a throttled way does not hide its slowness in buffers.
    ByteBuffer bytes = ByteBuffer.allocate(1 << 12);
    try (from;
        to) {
      long passed = 0;
      long began = System.nanoTime();
      while (from.read(bytes.clear()) >= 0) {
        bytes.flip();
        switch (what) {
          case Cut cut -> bytes.limit((int) Math.min(bytes.limit(), cut.at - passed));
          case Reset reset -> bytes.limit((int) Math.min(bytes.limit(), reset.at - passed));
          case Stall stall -> bytes.limit((int) Math.min(bytes.limit(), stall.at - passed));
          case Throttle throttle -> awaitTurn(throttle, passed, began);
          case Flip flip -> flip(bytes, flip.at - passed);
        }
        passed += bytes.remaining();
        to.write(bytes);
        if (what instanceof Cut cut && passed == cut.at) {
          return;
        }
        if (what instanceof Reset reset && passed == reset.at) {
          to.setOption(StandardSocketOptions.SO_LINGER, 0);
          return;
        }
        if (what instanceof Stall stall && passed == stall.at) {
          closed.await();
        }
      }
    } catch (IOException | InterruptedException over) {
      // One side is gone, and with this the other.
    }
  }

  private static void awaitTurn(Throttle throttle, long passed, long began) {
    double due = 1e9 * passed / throttle.bytesPerSecond;
    LockSupport.parkNanos((long) due - (System.nanoTime() - began));
  }

  private static void flip(ByteBuffer bytes, long at) {
    if (at >= 0 && at < bytes.limit()) {
      bytes.put((int) at, (byte) (bytes.get((int) at) ^ 4));
    }
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    socket.close();
    synchronized (channels) {
      for (SocketChannel channel : channels) {
        channel.close();
      }
    }
  }
}
