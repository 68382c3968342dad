package io.sampo.kvcache.block;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.sampo.kvcache.block.KvBlockRejectedException.Rule;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The keys and values of one block of tokens, with a header that says what they are: the form in
 * which KV leaves an engine, lies in a store, travels and enters another engine. It lies in memory
 * outside the Java heap, which belongs to whoever made it and must neither change nor be given back
 * while the block is used. A block is sealed or was checked: there is no other way to get one.
 *
 * <pre>
 *    0  magic "SAMPOKVB"
 *    8  version, 1
 *   12  checksum: CRC-32C of all bytes from 16 on
 *   16  model fingerprint, 32 bytes
 *   48  first position: of the block's first token in its text, 8 bytes
 *   56  bytes of the whole block, 8 bytes
 *   64  tokens
 *   68  layers
 *   72  number format of keys        76  number format of values
 *   80  bytes of a row of keys, for each layer; then of values, for each layer
 *       zeros up to a multiple of 64
 *       keys of each layer, values of each layer; of each the rows of all tokens
 * </pre>
 *
 * <p>All numbers are little-endian and of 4 bytes where nothing else is said. The checksum finds
 * damage and no malice: bytes of a peer are to be authenticated where they arrive. But whatever
 * they are, no size or place in them is believed: a header is compared with the layout that is
 * wanted, and only that layout is computed with.
 */
public final class KvBlock {

  static final int ROWS_AT = 80;

  private static final int VERSION = 1;
  private static final int VERSION_AT = 8;
  private static final int CHECKSUM_AT = 12;
  private static final int CHECKED_FROM = 16;
  private static final int MODEL_AT = 16;
  private static final int POSITION_AT = 48;
  private static final int SIZE_AT = 56;
  private static final int TOKENS_AT = 64;
  private static final int LAYERS_AT = 68;
  private static final int KEYS_AT = 72;
  private static final int VALUES_AT = 76;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** "SAMPOKVB", read as a little-endian number. */
  private static final long MAGIC = 0x42564b4f504d4153L;

  private final MemorySegment bytes;
  private final KvLayout layout;
  private final int firstPosition;

  private KvBlock(MemorySegment bytes, KvLayout layout, int firstPosition) {
    this.bytes = bytes.asReadOnly();
    this.layout = layout;
    this.firstPosition = firstPosition;
  }

  /**
   * Makes a block of memory whose payload is filled: writes the header before it.
   *
   * @param bytes exactly {@link KvLayout#blockBytes} of them
   * @param firstPosition a multiple of the layout's block tokens
   */
  public static KvBlock seal(MemorySegment bytes, KvLayout layout, int firstPosition) {
    requireSize(bytes, layout);
    requirePosition(firstPosition, layout);
    bytes.asSlice(0, layout.headerBytes()).fill((byte) 0);
    bytes.set(LONG, 0, MAGIC);
    bytes.set(INT, VERSION_AT, VERSION);
    MemorySegment.copy(
        layout.model().bytes(), 0, bytes, JAVA_BYTE, MODEL_AT, ModelFingerprint.BYTES);
    bytes.set(LONG, POSITION_AT, firstPosition);
    bytes.set(LONG, SIZE_AT, layout.blockBytes());
    bytes.set(INT, TOKENS_AT, layout.blockTokens());
    bytes.set(INT, LAYERS_AT, layout.layers());
    bytes.set(INT, KEYS_AT, layout.keys().code());
    bytes.set(INT, VALUES_AT, layout.values().code());
    for (int run = 0; run < layout.runs(); run++) {
      bytes.set(INT, ROWS_AT + (long) run * Integer.BYTES, layout.rowBytes(run));
    }
    bytes.set(INT, CHECKSUM_AT, checksum(bytes));
    return new KvBlock(bytes, layout, firstPosition);
  }

  /**
   * Takes bytes from anywhere for a block, after checking all of them.
   *
   * @param wanted the layout it must have
   * @throws KvBlockRejectedException when they break a rule
   */
  public static KvBlock open(MemorySegment bytes, KvLayout wanted) {
    requireSize(bytes, wanted);
    require(bytes.get(LONG, 0) == MAGIC, Rule.MAGIC, "these bytes are no KV block");
    int version = bytes.get(INT, VERSION_AT);
    require(
        version == VERSION,
        Rule.VERSION,
        "the block's version must be %d, is %d".formatted(VERSION, version));
    requireModel(bytes, wanted);
    requireShape(bytes, wanted);
    long position = bytes.get(LONG, POSITION_AT);
    requirePosition(position, wanted);
    require(
        bytes.get(INT, CHECKSUM_AT) == checksum(bytes),
        Rule.CHECKSUM,
        "the block's bytes do not have its checksum");
    return new KvBlock(bytes, wanted, (int) position);
  }

  private static void requireSize(MemorySegment bytes, KvLayout layout) {
    if (!bytes.isNative()) {
      throw new IllegalArgumentException("a block must lie outside the Java heap");
    }
    require(
        bytes.byteSize() == layout.blockBytes(),
        Rule.SIZE,
        "a block of this layout has %d bytes, not %d"
            .formatted(layout.blockBytes(), bytes.byteSize()));
  }

  private static void requireModel(MemorySegment bytes, KvLayout wanted) {
    MemorySegment model = MemorySegment.ofArray(wanted.model().bytes());
    require(
        bytes.asSlice(MODEL_AT, ModelFingerprint.BYTES).mismatch(model) < 0,
        Rule.MODEL,
        "the block was computed by another model or in another way");
  }

  private static void requireShape(MemorySegment bytes, KvLayout wanted) {
    same(bytes, KEYS_AT, wanted.keys().code(), Rule.FORMAT, "number format of keys");
    same(bytes, VALUES_AT, wanted.values().code(), Rule.FORMAT, "number format of values");
    same(bytes, LAYERS_AT, wanted.layers(), Rule.SHAPE, "layers");
    same(bytes, TOKENS_AT, wanted.blockTokens(), Rule.SHAPE, "tokens");
    long size = bytes.get(LONG, SIZE_AT);
    require(
        size == wanted.blockBytes(),
        Rule.SIZE,
        "the block says it has %d bytes, not %d".formatted(size, wanted.blockBytes()));
    for (int run = 0; run < wanted.runs(); run++) {
      int at = ROWS_AT + run * Integer.BYTES;
      same(bytes, at, wanted.rowBytes(run), Rule.SHAPE, "bytes of row " + run);
    }
    for (long at = ROWS_AT + 4L * wanted.runs(); at < wanted.headerBytes(); at++) {
      require(bytes.get(JAVA_BYTE, at) == 0, Rule.SHAPE, "the header must end in zeros");
    }
  }

  private static void same(MemorySegment bytes, int at, int wanted, Rule rule, String what) {
    int given = bytes.get(INT, at);
    require(given == wanted, rule, "%s must be %d, are %d".formatted(what, wanted, given));
  }

  private static void requirePosition(long position, KvLayout layout) {
    require(
        position >= 0
            && position <= Integer.MAX_VALUE - layout.blockTokens()
            && position % layout.blockTokens() == 0,
        Rule.POSITION,
        "the first position must be a multiple of %d, is %d"
            .formatted(layout.blockTokens(), position));
  }

  private static void require(boolean holds, Rule rule, String message) {
    if (!holds) {
      throw new KvBlockRejectedException(rule, message);
    }
  }

  private static int checksum(MemorySegment bytes) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes.asSlice(CHECKED_FROM).asByteBuffer());
    return (int) checksum.getValue();
  }

  public KvLayout layout() {
    return layout;
  }

  /** The position of its first token in the text. */
  public int firstPosition() {
    return firstPosition;
  }

  /** The CRC-32C that its header has: what tells it from another block of its place and layout. */
  public int checksum() {
    return bytes.get(INT, CHECKSUM_AT);
  }

  /** All of it, header and payload; read-only. */
  public MemorySegment bytes() {
    return bytes;
  }
}
