package io.sampo.kvcache.block;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * How the KV of one model in one number format lies in a block. Two blocks can stand in one chain,
 * and a block can enter an engine, only where their layouts are equal.
 *
 * <p>A row is what one token adds to one layer's keys or values. In a block follow each other the
 * header, the keys of each layer, the values of each layer; in each of these the rows of the
 * block's tokens, first token first.
 *
 * @param model what computed it
 * @param keys number format of keys
 * @param values number format of values
 * @param keyRowBytes bytes of one token's keys, for each layer that has any
 * @param valueRowBytes bytes of one token's values, for the same layers
 * @param blockTokens tokens of a block, a power of two from 8 to 1024
 */
public record KvLayout(
    ModelFingerprint model,
    KvFormat keys,
    KvFormat values,
    List<Integer> keyRowBytes,
    List<Integer> valueRowBytes,
    int blockTokens) {

  /** The most layers a layout can have. */
  public static final int MAX_LAYERS = 1024;

  /** The longest row. */
  public static final int MAX_ROW_BYTES = 1 << 20;

  /** The largest block, so that its size and every place in it fit an int. */
  public static final long MAX_BLOCK_BYTES = 1L << 30;

  /** The most bytes that {@link #toBytes} gives. */
  public static final int MAX_BYTES =
      ModelFingerprint.BYTES + 4 * Integer.BYTES + 2 * MAX_LAYERS * Integer.BYTES;

  private static final int FIXED_BYTES = ModelFingerprint.BYTES + 4 * Integer.BYTES;

  /** The payload and each block of a series of them begin at a multiple of this. */
  static final int ALIGNMENT = 64;

  public KvLayout {
    keyRowBytes = List.copyOf(keyRowBytes);
    valueRowBytes = List.copyOf(valueRowBytes);
    require(
        blockTokens >= 8 && blockTokens <= 1024 && Integer.bitCount(blockTokens) == 1,
        "block tokens must be a power of two from 8 to 1024: " + blockTokens);
    require(
        keyRowBytes.size() == valueRowBytes.size()
            && !keyRowBytes.isEmpty()
            && keyRowBytes.size() <= MAX_LAYERS,
        "layers must be 1 to %d, equally many of keys and values: %d and %d"
            .formatted(MAX_LAYERS, keyRowBytes.size(), valueRowBytes.size()));
    requireRows(keyRowBytes, keys);
    requireRows(valueRowBytes, values);
    long bytes = blockTokens * (sum(keyRowBytes) + sum(valueRowBytes));
    require(
        bytes + headerBytes(keyRowBytes.size()) <= MAX_BLOCK_BYTES,
        "a block must have at most %d bytes: %d".formatted(MAX_BLOCK_BYTES, bytes));
  }

  private static void requireRows(List<Integer> rows, KvFormat format) {
    for (int bytes : rows) {
      require(
          bytes > 0 && bytes <= MAX_ROW_BYTES && bytes % format.groupBytes() == 0,
          "a row of %s must have 1 to %d bytes, a multiple of %d: %d"
              .formatted(format, MAX_ROW_BYTES, format.groupBytes(), bytes));
    }
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(rule);
    }
  }

  private static long sum(List<Integer> rows) {
    return rows.stream().mapToLong(Integer::longValue).sum();
  }

  /**
   * Reads what {@link #toBytes} wrote, from a buffer's position on, which it moves.
   *
   * @throws IllegalArgumentException when it is no layout; nothing was allocated by its numbers
   */
  public static KvLayout read(ByteBuffer from) {
    ByteBuffer bytes = from.order(ByteOrder.LITTLE_ENDIAN);
    require(bytes.remaining() >= FIXED_BYTES, "the bytes of a layout end too early");
    byte[] model = new byte[ModelFingerprint.BYTES];
    bytes.get(model);
    KvFormat keys = KvFormat.of(bytes.getInt());
    KvFormat values = KvFormat.of(bytes.getInt());
    int blockTokens = bytes.getInt();
    int layers = bytes.getInt();
    require(
        layers > 0 && layers <= MAX_LAYERS && bytes.remaining() >= 2 * layers * Integer.BYTES,
        "a layout cannot have so many layers here: " + layers);
    return new KvLayout(
        ModelFingerprint.of(model),
        keys,
        values,
        ints(bytes, layers),
        ints(bytes, layers),
        blockTokens);
  }

  private static List<Integer> ints(ByteBuffer from, int count) {
    List<Integer> ints = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      ints.add(from.getInt());
    }
    return ints;
  }

  /**
   * Its form in files: model, number formats of keys and values, tokens, layers, row lengths of
   * keys, row lengths of values; numbers of four bytes, little-endian.
   */
  public byte[] toBytes() {
    ByteBuffer bytes =
        ByteBuffer.allocate(FIXED_BYTES + runs() * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(model.bytes()).putInt(keys.code()).putInt(values.code());
    bytes.putInt(blockTokens).putInt(layers());
    for (int run = 0; run < runs(); run++) {
      bytes.putInt(rowBytes(run));
    }
    return bytes.array();
  }

  public int layers() {
    return keyRowBytes.size();
  }

  /** Bytes of one token's keys and values in all layers. */
  public long tokenBytes() {
    return sum(keyRowBytes) + sum(valueRowBytes);
  }

  /** Bytes of a block before its payload. */
  public int headerBytes() {
    return headerBytes(layers());
  }

  private static int headerBytes(int layers) {
    int bytes = KvBlock.ROWS_AT + 2 * layers * Integer.BYTES;
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** Bytes of keys and values in a block. */
  public int payloadBytes() {
    return (int) (blockTokens * tokenBytes());
  }

  /** Bytes of a whole block. */
  public int blockBytes() {
    return headerBytes() + payloadBytes();
  }

  /** How many runs of rows a block has: the keys of each layer, then the values of each. */
  public int runs() {
    return 2 * layers();
  }

  /** Where in a block a run begins. */
  public int runAt(int run) {
    int at = headerBytes();
    for (int before = 0; before < run; before++) {
      at += blockTokens * rowBytes(before);
    }
    return at;
  }

  /** The length of one row of a run. */
  public int rowBytes(int run) {
    return run < layers() ? keyRowBytes.get(run) : valueRowBytes.get(run - layers());
  }
}
