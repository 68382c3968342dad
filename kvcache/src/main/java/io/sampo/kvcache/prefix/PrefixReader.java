package io.sampo.kvcache.prefix;

import static io.sampo.kvcache.prefix.PrefixFile.require;
import static java.nio.file.StandardOpenOption.READ;

import io.sampo.kvcache.block.KvBlock;
import io.sampo.kvcache.block.KvBlockRejectedException;
import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.prefix.PrefixFileException.Rule;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads a file of prefixes, which may come from anywhere: one prefix after another, and of each the
 * blocks that are wanted, in their order. Not for several threads at once.
 */
public final class PrefixReader implements AutoCloseable {

  private final FileChannel channel;
  private final PrefixFile file;
  private final int vocabulary;
  private int[] before = {};
  private int read;
  private int unread;
  private int position;
  private long at;

  /**
   * Opens a file.
   *
   * @param wanted the layout that its blocks must have
   * @param vocabulary token ids are below this
   * @throws PrefixFileException when it is no such file
   */
  public PrefixReader(Path path, KvLayout wanted, int vocabulary) throws IOException {
    this.vocabulary = vocabulary;
    channel = FileChannel.open(path, READ);
    try {
      file = head();
      file.requireLayout(wanted);
    } catch (IOException refused) {
      channel.close();
      throw refused;
    }
    at = file.headBytes();
  }

  private PrefixFile head() throws IOException {
    ByteBuffer head = ByteBuffer.allocate(PrefixFile.MAX_HEAD_BYTES);
    fill(head, 0);
    return PrefixFile.read(head.flip(), channel.size());
  }

  private void fill(ByteBuffer into, long from) throws IOException {
    long next = from;
    int read = 0;
    while (into.hasRemaining() && read >= 0) {
      read = channel.read(into, next);
      next += read;
    }
  }

  /** How many prefixes the file has. */
  public int prefixes() {
    return file.prefixes();
  }

  /**
   * The next prefix; blocks of the one before that were not read are skipped.
   *
   * @return null after the last one
   * @throws PrefixFileException when it breaks a rule
   */
  public @Nullable Prefix next() throws IOException {
    at += (long) unread * file.layout().blockBytes();
    unread = 0;
    if (read == file.prefixes()) {
      require(at == file.fileBytes(), Rule.SIZE, "the file has bytes after its last prefix");
      return null;
    }
    ByteBuffer head = bytes(PrefixFile.PREFIX_HEAD_BYTES);
    head.getInt();
    int tokens = head.getInt();
    int firstBlock = head.getInt();
    requireCounts(tokens, firstBlock);
    ByteBuffer whole = bytes(PrefixFile.PREFIX_HEAD_BYTES + tokens * Integer.BYTES);
    require(
        PrefixFile.checksum(whole, Integer.BYTES) == whole.getInt(0),
        Rule.DAMAGED,
        "the tokens of prefix %d are damaged".formatted(read));
    int[] ids = new int[tokens];
    whole.position(PrefixFile.PREFIX_HEAD_BYTES).asIntBuffer().get(ids);
    requireIds(ids, firstBlock);
    at += whole.limit();
    return begin(ids, firstBlock);
  }

  private Prefix begin(int[] ids, int firstBlock) throws PrefixFileException {
    int blocks = ids.length / file.layout().blockTokens();
    unread = blocks - firstBlock;
    require(
        (long) unread * file.layout().blockBytes() <= file.fileBytes() - at,
        Rule.SIZE,
        "the file ends before the blocks of prefix %d do".formatted(read));
    position = firstBlock * file.layout().blockTokens();
    before = ids;
    read++;
    return new Prefix(ids.clone(), firstBlock, blocks);
  }

  /** Bytes at the current place. */
  private ByteBuffer bytes(int count) throws IOException {
    require(
        count <= file.fileBytes() - at,
        Rule.SIZE,
        "the file ends in the midst of prefix %d".formatted(read));
    ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    fill(bytes, at);
    require(!bytes.hasRemaining(), Rule.SIZE, "the file became shorter");
    return bytes.flip();
  }

  private void requireCounts(int tokens, int firstBlock) throws PrefixFileException {
    int blockTokens = file.layout().blockTokens();
    require(
        tokens > 0 && tokens <= PrefixFile.MAX_TOKENS && tokens % blockTokens == 0,
        Rule.LIMIT,
        "a prefix has whole blocks of %d, up to %d tokens, not %d"
            .formatted(blockTokens, PrefixFile.MAX_TOKENS, tokens));
    require(
        firstBlock >= 0 && firstBlock <= Math.min(tokens, before.length) / blockTokens,
        Rule.LIMIT,
        "prefix %d cannot begin at block %d".formatted(read, firstBlock));
  }

  private void requireIds(int[] ids, int firstBlock) throws PrefixFileException {
    int shared = firstBlock * file.layout().blockTokens();
    require(
        Arrays.equals(ids, 0, shared, before, 0, shared),
        Rule.TOKENS,
        "prefix %d does not begin like the one before it".formatted(read));
    for (int id : ids) {
      require(
          id >= 0 && id < vocabulary,
          Rule.TOKENS,
          "%d is none of the model's %d tokens".formatted(id, vocabulary));
    }
  }

  /**
   * Reads the next block of the prefix and checks all its bytes.
   *
   * @param into memory of the layout's {@link KvLayout#blockBytes} outside the Java heap
   * @throws PrefixFileException when it is damaged or none of this place
   */
  public KvBlock block(MemorySegment into) throws IOException {
    if (unread == 0) {
      throw new IllegalStateException("the prefix has no more blocks here");
    }
    ByteBuffer bytes = into.asByteBuffer();
    fill(bytes, at);
    require(!bytes.hasRemaining(), Rule.SIZE, "the file became shorter");
    KvBlock block = check(into);
    require(
        block.firstPosition() == position,
        Rule.DAMAGED,
        "a block of position %d stands at position %d".formatted(block.firstPosition(), position));
    at += file.layout().blockBytes();
    position += file.layout().blockTokens();
    unread--;
    return block;
  }

  private KvBlock check(MemorySegment bytes) throws PrefixFileException {
    try {
      return KvBlock.open(bytes, file.layout());
    } catch (KvBlockRejectedException damaged) {
      throw new PrefixFileException(
          Rule.DAMAGED, "a block of prefix %d: %s".formatted(read - 1, damaged.getMessage()));
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
