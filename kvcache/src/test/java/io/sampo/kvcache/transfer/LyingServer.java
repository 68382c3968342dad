package io.sampo.kvcache.transfer;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.transfer.Frames.RequestHead;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** A server that knows the secret and the form of frames, and sends what a test tells it to. */
final class LyingServer implements AutoCloseable {

  /** What it answers to a request. */
  interface Script {
    void answer(Connection connection, int request, List<BlockHash> hashes) throws IOException;
  }

  /**
   * A connection.
   *
   * @param wire seals what is sent over it
   * @param below does not
   */
  record Connection(SealedWire wire, Ear below) {}

  /** A wire that remembers each frame under the name in its head, and can spoil one. */
  static final class Ear implements Wire {
    private final Wire below;
    private final Map<BlockHash, byte[]> heard;
    private boolean spoils;

    private Ear(Wire below, Map<BlockHash, byte[]> heard) {
      this.below = below;
      this.heard = heard;
    }

    /** Changes a bit in the next frame. */
    void spoil() {
      spoils = true;
    }

    /** Sends a frame as it was heard last, over whatever connection. */
    void repeat(BlockHash name) throws IOException {
      below.write(ByteBuffer.wrap(heard.get(name)));
    }

    @Override
    public void read(ByteBuffer into) throws IOException {
      below.read(into);
    }

    @Override
    public void write(ByteBuffer... bytes) throws IOException {
      ByteBuffer frame =
          ByteBuffer.allocate(Stream.of(bytes).mapToInt(ByteBuffer::remaining).sum());
      Stream.of(bytes).forEach(frame::put);
      if (spoils) {
        frame.put(999, (byte) (frame.get(999) ^ 1));
      } else if (frame.capacity() > Frames.ANSWER_HEAD_BYTES) {
        frame.order(ByteOrder.LITTLE_ENDIAN);
        heard.put(new BlockHash(frame.getLong(16), frame.getLong(24)), frame.array());
      }
      spoils = false;
      below.write(frame.flip());
    }

    @Override
    public byte[] binding() throws IOException {
      return below.binding();
    }

    @Override
    public boolean authenticates() {
      return false;
    }

    @Override
    public void close() {
      below.close();
    }
  }

  private final ServerSocketChannel socket;
  private final Script script;
  private final Map<BlockHash, byte[]> heard = new ConcurrentHashMap<>();

  LyingServer(Script script) throws IOException {
    this.script = script;
    socket = ServerSocketChannel.open().bind(Texts.anyPort());
    Thread.ofVirtual().start(this::accept);
  }

  InetSocketAddress address() throws IOException {
    return (InetSocketAddress) socket.getLocalAddress();
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel channel = socket.accept();
        Thread.ofVirtual().start(() -> serve(channel));
      }
    } catch (IOException over) {
      // The test is.
    }
  }

  private void serve(SocketChannel channel) {
    try (Ear below = new Ear(new PlainWire(channel), heard)) {
      SealedWire wire = Handshake.asServer(Texts.SECRET, below);
      Connection connection = new Connection(wire, below);
      while (true) {
        ByteBuffer head = Frames.buffer(Frames.REQUEST_HEAD_BYTES);
        wire.receive(head);
        RequestHead request = RequestHead.read(head.flip());
        ByteBuffer hashes = Frames.buffer(request.hashes() * Frames.HASH_BYTES);
        wire.receive(hashes);
        wire.receiveSeal();
        script.answer(connection, request.number(), Frames.readHashes(hashes.flip()));
      }
    } catch (IOException over) {
      // The fetcher has seen enough.
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
