package io.sampo.kvcache.transfer;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.sampo.kvcache.block.BlockHash;
import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.block.ModelFingerprint;
import io.sampo.kvcache.transfer.Frames.AnswerHead;
import io.sampo.kvcache.transfer.Frames.Ending;
import io.sampo.kvcache.transfer.Frames.RequestHead;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Stands before a node's block server and knows the cluster's secret: it passes blocks on, properly
 * sealed, and tells a lie about one of them in every so many answers, each kind in turn.
 */
public final class LyingRelay implements AutoCloseable {

  /** What is wrong with a block, and as what that must be found. */
  public enum Lie {
    /** A bit changed where the block was kept. */
    CORRUPTED(FetchEnd.DAMAGED),
    /** A bit changed after the block was sealed for this connection. */
    TAMPERED(FetchEnd.FORGED),
    /** The end of it is missing. */
    TRUNCATED(FetchEnd.WRONG_LENGTH),
    /** The next one comes first. */
    REORDERED(FetchEnd.WRONG_ORDER),
    /** As REORDERED, and numbered as if it were the right one. */
    RENUMBERED(FetchEnd.WRONG_HASH),
    /** The next one's bytes under the right name. */
    MISPLACED(FetchEnd.WRONG_POSITION),
    /** The same tokens' block under the name that it has for somebody else. */
    OTHER_TENANT(FetchEnd.WRONG_HASH),
    /** Of the same tokens and shape, by another model. */
    OTHER_MODEL(FetchEnd.WRONG_LAYOUT),
    /** The same, by the model with an adapter. */
    OTHER_ADAPTER(FetchEnd.WRONG_LAYOUT),
    /** As long, with rows of other lengths. */
    OTHER_LAYOUT(FetchEnd.WRONG_LAYOUT),
    /** The right one, sealed for an older connection. */
    REPLAYED(FetchEnd.FORGED),
    /** Random bytes. */
    NOISE(FetchEnd.WRONG_LAYOUT),
    /** What the index says of it is of an epoch that is over. */
    FORGOTTEN(FetchEnd.NOT_HELD);

    private final FetchEnd found;

    Lie(FetchEnd found) {
      this.found = found;
    }

    public FetchEnd found() {
      return found;
    }
  }

  /** A lie that was told about a block of a text. */
  public record Told(Lie lie, int block) {}

  private static final Duration SOON = Duration.ofSeconds(20);

  private final ClusterSecret secret;
  private final KvLayout layout;
  private final InetSocketAddress behind;
  private final int every;
  private final BlockFetcher fetcher;
  private final ServerSocketChannel socket;
  private final Random random = new Random(4);
  private final List<Told> told = new ArrayList<>();
  private int answers;
  private @Nullable Connection older;

  /** What is sent is sealed by {@code wire}, and goes where {@code mouth} is turned to. */
  private record Connection(SealedWire wire, Mouth mouth) {}

  /** A wire that can spoil a frame after it was sealed, or say it to somebody else. */
  private static final class Mouth implements Wire {
    private final Wire below;
    private Wire turned;
    private boolean spoils;

    private Mouth(Wire below) {
      this.below = below;
      turned = below;
    }

    @Override
    public void read(ByteBuffer into) throws IOException {
      below.read(into);
    }

    @Override
    public void write(ByteBuffer... bytes) throws IOException {
      if (spoils) {
        ByteBuffer last = bytes[bytes.length - 1];
        ByteBuffer changed = ByteBuffer.allocate(last.remaining()).put(last).flip();
        changed.put(0, (byte) (changed.get(0) ^ 1));
        bytes[bytes.length - 1] = changed;
        spoils = false;
      }
      turned.write(bytes);
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

  /**
   * @param layout of all blocks
   * @param behind whose blocks they are
   * @param every a lie in so many answers
   */
  public LyingRelay(ClusterSecret secret, KvLayout layout, InetSocketAddress behind, int every)
      throws IOException {
    this.secret = secret;
    this.layout = layout;
    this.behind = behind;
    this.every = every;
    fetcher = new BlockFetcher(FetcherSettings.DEFAULT, Credentials.plain(secret));
    socket = ServerSocketChannel.open();
    socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    Thread.ofVirtual().start(this::accept);
  }

  public int port() throws IOException {
    return ((InetSocketAddress) socket.getLocalAddress()).getPort();
  }

  /** All lies so far. */
  public synchronized List<Told> told() {
    return List.copyOf(told);
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
    try (Mouth mouth = new Mouth(new PlainWire(channel))) {
      Connection connection = new Connection(Handshake.asServer(secret, mouth), mouth);
      while (true) {
        ByteBuffer head = Frames.buffer(Frames.REQUEST_HEAD_BYTES);
        connection.wire.receive(head);
        RequestHead request = RequestHead.read(head.flip());
        ByteBuffer hashes = Frames.buffer(request.hashes() * Frames.HASH_BYTES);
        connection.wire.receive(hashes);
        connection.wire.receiveSeal();
        answer(connection, request, Frames.readHashes(hashes.flip()));
      }
    } catch (IOException over) {
      // The fetcher has seen enough.
    }
  }

  private synchronized void answer(
      Connection connection, RequestHead request, List<BlockHash> hashes) throws IOException {
    List<KvBlock> blocks =
        fetcher
            .fetch(
                behind,
                new Wanted(layout, request.firstPosition(), hashes),
                hashes.stream().map(_ -> memory()).toList(),
                SOON)
            .blocks();
    boolean lies = ++answers % every == 0 && blocks.size() > 1;
    Lie lie = Lie.values()[told.size() % Lie.values().length];
    int lieAt = lies ? random.nextInt(blocks.size() - 1) : blocks.size();
    for (int index = 0; index < lieAt; index++) {
      send(connection, request, index, hashes.get(index), blocks.get(index).bytes());
    }
    if (lies) {
      told.add(new Told(lie, lieAt + request.firstPosition() / layout.blockTokens()));
      tell(lie, connection, request, lieAt, hashes, blocks);
      older = connection;
    }
    boolean complete = blocks.size() == hashes.size() && !lies;
    ByteBuffer end = Frames.buffer(Frames.ANSWER_HEAD_BYTES);
    AnswerHead.end(request.number(), lieAt, complete ? Ending.COMPLETE : Ending.NOT_HELD)
        .write(end);
    connection.wire.send(end.flip());
  }

  private void tell(
      Lie lie,
      Connection connection,
      RequestHead request,
      int index,
      List<BlockHash> hashes,
      List<KvBlock> blocks)
      throws IOException {
    BlockHash name = hashes.get(index);
    BlockHash next = hashes.get(index + 1);
    MemorySegment right = blocks.get(index).bytes();
    MemorySegment following = blocks.get(index + 1).bytes();
    switch (lie) {
      case CORRUPTED -> send(connection, request, index, name, flipped(right));
      case TAMPERED -> {
        connection.mouth.spoils = true;
        send(connection, request, index, name, right);
      }
      case TRUNCATED ->
          send(connection, request, index, name, right.asSlice(0, right.byteSize() - 8));
      case REORDERED -> send(connection, request, index + 1, next, following);
      case RENUMBERED -> send(connection, request, index, next, following);
      case MISPLACED -> send(connection, request, index, name, following);
      case OTHER_TENANT ->
          send(connection, request, index, new BlockHash(~name.first(), name.second()), right);
      case OTHER_MODEL -> send(connection, request, index, name, by("another", blocks, index));
      case OTHER_ADAPTER ->
          send(connection, request, index, name, by("simulated, adapter", blocks, index));
      case OTHER_LAYOUT -> send(connection, request, index, name, otherRows(blocks.get(index)));
      case REPLAYED -> {
        Connection before = older;
        if (before == null) {
          throw new IllegalStateException("there is no older connection yet");
        }
        before.mouth.turned = connection.mouth.below;
        send(before, request, index, name, right);
      }
      case NOISE -> send(connection, request, index, name, noise());
      case FORGOTTEN -> {
        // It says so at the end.
      }
    }
  }

  private MemorySegment memory() {
    return Arena.ofAuto().allocate(layout.blockBytes(), 64);
  }

  private MemorySegment copy(MemorySegment bytes) {
    return memory().copyFrom(bytes);
  }

  private MemorySegment flipped(MemorySegment bytes) {
    MemorySegment copy = copy(bytes);
    long at = layout.headerBytes() + random.nextLong(layout.payloadBytes());
    copy.set(JAVA_BYTE, at, (byte) (copy.get(JAVA_BYTE, at) ^ 1));
    return copy;
  }

  private MemorySegment by(String model, List<KvBlock> blocks, int index) {
    KvLayout other =
        new KvLayout(
            ModelFingerprint.of(model, List.of("weights")),
            layout.keys(),
            layout.values(),
            layout.keyRowBytes(),
            layout.valueRowBytes(),
            layout.blockTokens());
    KvBlock block = blocks.get(index);
    return KvBlock.seal(copy(block.bytes()), other, block.firstPosition()).bytes();
  }

  private MemorySegment otherRows(KvBlock block) {
    List<Integer> longer = layout.keyRowBytes().stream().map(bytes -> bytes + 2).toList();
    List<Integer> shorter = layout.valueRowBytes().stream().map(bytes -> bytes - 2).toList();
    KvLayout other =
        new KvLayout(
            layout.model(), layout.keys(), layout.values(), longer, shorter, layout.blockTokens());
    return KvBlock.seal(copy(block.bytes()), other, block.firstPosition()).bytes();
  }

  private MemorySegment noise() {
    byte[] noise = new byte[layout.blockBytes()];
    random.nextBytes(noise);
    // As far as a thorough liar comes who does not know a model's fingerprint.
    return MemorySegment.ofArray(noise)
        .copyFrom(MemorySegment.ofArray("SAMPOKVB\1\0\0\0".getBytes(US_ASCII)));
  }

  private static void send(
      Connection connection, RequestHead request, int index, BlockHash name, MemorySegment bytes)
      throws IOException {
    ByteBuffer head = Frames.buffer(Frames.ANSWER_HEAD_BYTES);
    AnswerHead.block(request.number(), index, (int) bytes.byteSize(), name).write(head);
    connection.wire.send(head.flip(), bytes);
  }

  @Override
  public void close() throws IOException {
    socket.close();
    fetcher.close();
  }
}
