package io.sampo.kvcache.prefix;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Writes a file of prefixes. It has its name when it is finished, and until then whatever had the
 * name before. Prefixes that are written in the order of their token ids share beginnings best.
 */
public final class PrefixWriter implements AutoCloseable {

  private final Path path;
  private final Path unfinished;
  private final KvLayout layout;
  private final FileChannel channel;
  private int[] before = {};
  private int prefixes;

  /**
   * Begins a file.
   *
   * @param layout of all blocks
   */
  public PrefixWriter(Path path, KvLayout layout) throws IOException {
    this.path = path;
    this.layout = layout;
    unfinished = path.resolveSibling(path.getFileName() + ".tmp");
    channel = FileChannel.open(unfinished, CREATE, TRUNCATE_EXISTING, WRITE);
    channel.position(new PrefixFile(layout, 0, 0).headBytes());
  }

  /**
   * Adds a prefix.
   *
   * @param tokens its ids; those after the last whole block are left out
   * @param blocks at least those of its whole blocks, from position 0 on
   */
  public void add(int[] tokens, List<KvBlock> blocks) throws IOException {
    int count = tokens.length / layout.blockTokens();
    if (count == 0 || count > blocks.size() || tokens.length > PrefixFile.MAX_TOKENS) {
      throw new IllegalArgumentException(
          "a prefix has 1 to %d whole blocks here, not %d of %d tokens"
              .formatted(blocks.size(), count, tokens.length));
    }
    if (prefixes == PrefixFile.MAX_PREFIXES) {
      throw new IllegalArgumentException(
          "a file has at most %d prefixes".formatted(PrefixFile.MAX_PREFIXES));
    }
    for (int block = 0; block < count; block++) {
      requireBlock(blocks.get(block), block);
    }
    int[] whole = Arrays.copyOf(tokens, count * layout.blockTokens());
    int shared = shared(whole);
    write(head(whole, shared));
    for (KvBlock block : blocks.subList(shared, count)) {
      write(block.bytes().asByteBuffer());
    }
    before = whole;
    prefixes++;
  }

  private void requireBlock(KvBlock block, int at) {
    if (!block.layout().equals(layout) || block.firstPosition() != at * layout.blockTokens()) {
      throw new IllegalArgumentException("block %d is none of this prefix".formatted(at));
    }
  }

  /** Leading blocks that the prefix before this one has as well. */
  private int shared(int[] tokens) {
    int differs = Arrays.mismatch(before, tokens);
    return (differs < 0 ? tokens.length : differs) / layout.blockTokens();
  }

  private static ByteBuffer head(int[] tokens, int firstBlock) {
    ByteBuffer head =
        ByteBuffer.allocate(PrefixFile.PREFIX_HEAD_BYTES + tokens.length * Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    head.putInt(0).putInt(tokens.length).putInt(firstBlock);
    for (int token : tokens) {
      head.putInt(token);
    }
    head.flip();
    return head.putInt(0, PrefixFile.checksum(head, Integer.BYTES));
  }

  private void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Makes what was added the file of this name. */
  public void finish() throws IOException {
    long bytes = channel.position();
    channel.position(0);
    write(new PrefixFile(layout, prefixes, bytes).head());
    channel.force(true);
    channel.close();
    Files.move(unfinished, path, ATOMIC_MOVE);
  }

  /** Gives up a file that was not finished. */
  @Override
  public void close() throws IOException {
    channel.close();
    Files.deleteIfExists(unfinished);
  }
}
