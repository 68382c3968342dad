package io.sampo.kvcache.prefix;

import io.sampo.kvcache.block.KvLayout;
import io.sampo.kvcache.prefix.PrefixFileException.Rule;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The form of a file of prefixes, and its head.
 *
 * <pre>
 *    0  magic "SAMPOKVP"
 *    8  version, 1
 *   12  checksum: CRC-32C of the head's bytes from 16 on
 *   16  bytes of the whole file, 8 bytes
 *   24  prefixes
 *   28  bytes of the layout
 *   32  the layout
 *
 *   then each prefix:
 *    0  checksum: CRC-32C of the bytes from 4 to the end of the token ids
 *    4  tokens, a whole number of blocks
 *    8  first block: those before it are those of the prefix before this one, which begins alike
 *   12  token ids
 *       the blocks from the first block on, each as it is in memory
 * </pre>
 *
 * <p>All numbers are little-endian and of 4 bytes where nothing else is said.
 *
 * @param layout of all blocks
 * @param prefixes how many there are
 * @param fileBytes of the whole file
 */
record PrefixFile(KvLayout layout, int prefixes, long fileBytes) {

  /** The most prefixes of a file. */
  static final int MAX_PREFIXES = 4096;

  /** The longest prefix. */
  static final int MAX_TOKENS = 1 << 20;

  /** Bytes of a prefix before its token ids. */
  static final int PREFIX_HEAD_BYTES = 12;

  /** "SAMPOKVP", read as a little-endian number. */
  private static final long MAGIC = 0x50564b4f504d4153L;

  private static final int VERSION = 1;
  private static final int CHECKSUM_AT = 12;
  private static final int CHECKED_FROM = 16;
  private static final int LAYOUT_AT = 32;

  /** No head is longer. */
  static final int MAX_HEAD_BYTES = LAYOUT_AT + KvLayout.MAX_BYTES;

  int headBytes() {
    return LAYOUT_AT + layout.toBytes().length;
  }

  ByteBuffer head() {
    byte[] shape = layout.toBytes();
    ByteBuffer head = ByteBuffer.allocate(LAYOUT_AT + shape.length).order(ByteOrder.LITTLE_ENDIAN);
    head.putLong(MAGIC).putInt(VERSION).putInt(0).putLong(fileBytes).putInt(prefixes);
    head.putInt(shape.length).put(shape);
    head.flip();
    return head.putInt(CHECKSUM_AT, checksum(head, CHECKED_FROM));
  }

  /** Of a buffer's bytes from a place to its limit. */
  static int checksum(ByteBuffer bytes, int from) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes.slice(from, bytes.limit() - from));
    return (int) checksum.getValue();
  }

  /**
   * Reads a head.
   *
   * @param bytes the file's first bytes, {@link #MAX_HEAD_BYTES} or all of them
   */
  static PrefixFile read(ByteBuffer bytes, long fileBytes) throws PrefixFileException {
    ByteBuffer head = bytes.order(ByteOrder.LITTLE_ENDIAN);
    require(
        head.limit() >= LAYOUT_AT && head.getLong() == MAGIC,
        Rule.MAGIC,
        "this is no file of prefixes");
    int version = head.getInt();
    require(
        version == VERSION,
        Rule.VERSION,
        "the file's version is %d, this release reads %d".formatted(version, VERSION));
    int checksum = head.getInt();
    long saidBytes = head.getLong();
    int prefixes = head.getInt();
    int layoutBytes = head.getInt();
    require(
        layoutBytes >= 0 && layoutBytes <= head.limit() - LAYOUT_AT,
        Rule.DAMAGED,
        "the head is damaged");
    head.limit(LAYOUT_AT + layoutBytes);
    require(checksum(head, CHECKED_FROM) == checksum, Rule.DAMAGED, "the head is damaged");
    require(
        saidBytes == fileBytes,
        Rule.SIZE,
        "the file has %d bytes, and should have %d: copy it again".formatted(fileBytes, saidBytes));
    require(
        prefixes >= 0 && prefixes <= MAX_PREFIXES,
        Rule.LIMIT,
        "a file has at most %d prefixes, not %d".formatted(MAX_PREFIXES, prefixes));
    return new PrefixFile(layout(head), prefixes, fileBytes);
  }

  private static KvLayout layout(ByteBuffer head) throws PrefixFileException {
    try {
      KvLayout layout = KvLayout.read(head);
      require(!head.hasRemaining(), Rule.DAMAGED, "the head has more than a layout");
      return layout;
    } catch (IllegalArgumentException none) {
      throw new PrefixFileException(Rule.DAMAGED, "the head has no layout: " + none.getMessage());
    }
  }

  /** Refuses the file where blocks of this layout are wanted and it has others. */
  void requireLayout(KvLayout wanted) throws PrefixFileException {
    require(
        layout.model().equals(wanted.model()),
        Rule.MODEL,
        "it was made with another model, adapter or release of the engine: export it again");
    require(
        layout.keys() == wanted.keys() && layout.values() == wanted.values(),
        Rule.FORMAT,
        "its keys and values are %s and %s, and %s and %s are wanted"
            .formatted(layout.keys(), layout.values(), wanted.keys(), wanted.values()));
    require(
        layout.blockTokens() == wanted.blockTokens(),
        Rule.SHAPE,
        "its blocks have %d tokens, and %d are wanted"
            .formatted(layout.blockTokens(), wanted.blockTokens()));
    require(layout.equals(wanted), Rule.SHAPE, "its layers or rows are others than the model's");
  }

  static void require(boolean holds, Rule rule, String message) throws PrefixFileException {
    if (!holds) {
      throw new PrefixFileException(rule, message);
    }
  }
}
