package io.sampo.kvcache.transfer;

import io.sampo.kvcache.block.BlockSource;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Gives the blocks of a node to other nodes of its cluster, over a socket of its own. Each
 * connection has a virtual thread; how many there are, and how long each may take for what, is
 * bounded by {@link ServerSettings}.
 */
public final class BlockServer implements AutoCloseable {

  private static final int BACKLOG = 128;
  private static final long AFTER_FAILED_ACCEPT_MILLIS = 100;

  private final ServerSettings settings;
  private final Credentials credentials;
  private final BlockSource source;
  private final ServerSocketChannel socket;
  private final InetSocketAddress address;
  private final Deadlines deadlines = new Deadlines("kv-server-deadlines");
  private final Guests guests;
  private final Counts counts = new Counts();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread acceptor = Thread.ofVirtual().name("kv-server").unstarted(this::accept);

  /** What is counted, by all connections. */
  static final class Counts {
    final LongAdder refused = new LongAdder();
    final LongAdder untrusted = new LongAdder();
    final LongAdder malformed = new LongAdder();
    final LongAdder requests = new LongAdder();
    final LongAdder blocks = new LongAdder();
    final LongAdder bytes = new LongAdder();
    final LongAdder misses = new LongAdder();
    final LongAdder late = new LongAdder();
    final LongAdder sourceFailures = new LongAdder();
  }

  private BlockServer(
      ServerSettings settings,
      Credentials credentials,
      BlockSource source,
      ServerSocketChannel socket)
      throws IOException {
    this.settings = settings;
    this.credentials = credentials;
    this.source = source;
    this.socket = socket;
    address = (InetSocketAddress) socket.getLocalAddress();
    guests = new Guests(settings.connections(), settings.strangers());
  }

  /**
   * Starts to serve.
   *
   * @param source lends the blocks; it is asked by many threads
   * @throws IOException when the address cannot be listened on; the message names it
   */
  public static BlockServer start(
      ServerSettings settings, Credentials credentials, BlockSource source) throws IOException {
    ServerSocketChannel socket = ServerSocketChannel.open();
    try {
      socket.bind(settings.bind(), BACKLOG);
    } catch (IOException unusable) {
      socket.close();
      throw new IOException(
          "cannot serve KV blocks on %s: %s".formatted(settings.bind(), unusable.getMessage()),
          unusable);
    }
    BlockServer server = new BlockServer(settings, credentials, source, socket);
    server.acceptor.start();
    return server;
  }

  private void accept() {
    while (socket.isOpen()) {
      try {
        welcome(socket.accept());
      } catch (ClosedChannelException over) {
        return;
      } catch (IOException failed) {
        // Of file descriptors there may be some again soon; to ask without a pause would help none.
        awaitClose(AFTER_FAILED_ACCEPT_MILLIS);
      }
    }
  }

  private void welcome(SocketChannel channel) throws IOException {
    Wire wire;
    try {
      wire = new PlainWire(channel);
    } catch (IOException alreadyGone) {
      channel.close();
      return;
    }
    if (guests.enter(wire)) {
      counts.refused.increment();
    }
    ServerConnection connection =
        new ServerConnection(wire, settings, credentials, source, guests, deadlines, counts);
    Thread.ofVirtual().name("kv-server-connection").start(connection);
  }

  private void awaitClose(long millis) {
    try {
      closed.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException nobodyDoesThis) {
      Thread.currentThread().interrupt();
    }
  }

  /** Where it listens, or did, with the port that was found. */
  public InetSocketAddress address() {
    return address;
  }

  /** Figures of this moment. */
  public ServerStats stats() {
    return new ServerStats(
        guests.members(),
        guests.strangers(),
        counts.refused.sum(),
        counts.untrusted.sum(),
        counts.malformed.sum(),
        counts.requests.sum(),
        counts.blocks.sum(),
        counts.bytes.sum(),
        counts.misses.sum(),
        counts.late.sum(),
        counts.sourceFailures.sum());
  }

  /**
   * Stops listening and closes all connections, also those in the middle of an answer. The address
   * is free when this returns.
   */
  @Override
  public void close() {
    closed.countDown();
    try {
      socket.close();
    } catch (IOException alreadyGone) {
      // Closing is all that was wanted.
    }
    guests.close();
    deadlines.close();
    awaitFreeAddress();
  }

  /** The thread that waits in the socket is what closes it in the end. */
  private void awaitFreeAddress() {
    try {
      acceptor.join(Duration.ofSeconds(1));
    } catch (InterruptedException hurried) {
      Thread.currentThread().interrupt();
    }
  }
}
