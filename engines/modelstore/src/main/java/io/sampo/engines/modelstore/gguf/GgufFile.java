package io.sampo.engines.modelstore.gguf;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One GGUF file, mapped into memory. Metadata values are decoded when asked for. What methods
 * return as a {@link MemorySegment} is valid until {@link #close}; everything else is a copy. Safe
 * for use by many threads.
 */
public final class GgufFile implements AutoCloseable {

  private final Arena arena;
  private final MemorySegment bytes;
  private final ByteBuffer buffer;
  private final GgufHead head;

  private GgufFile(Arena arena, MemorySegment bytes, ByteBuffer buffer, GgufHead head) {
    this.arena = arena;
    this.bytes = bytes;
    this.buffer = buffer;
    this.head = head;
  }

  /**
   * Maps a file and checks its structure.
   *
   * @throws GgufRejectedException when it breaks a rule of the format
   * @throws IOException when it cannot be read
   */
  public static GgufFile open(Path file) throws IOException {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      MemorySegment bytes = channel.map(MapMode.READ_ONLY, 0, size, arena);
      ByteBuffer buffer = headOf(bytes, size);
      return new GgufFile(arena, bytes, buffer, GgufHead.parse(buffer, size));
    } catch (IOException | RuntimeException failure) {
      arena.close();
      throw failure;
    }
  }

  private static ByteBuffer headOf(MemorySegment bytes, long size) {
    return bytes
        .asSlice(0, Math.min(size, GgufHead.MAX_HEAD_BYTES))
        .asByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  public int version() {
    return head.version();
  }

  /** Alignment of tensors, in bytes. */
  public int alignment() {
    return head.alignment();
  }

  public long fileBytes() {
    return bytes.byteSize();
  }

  /** The metadata keys in the file's order. */
  public Set<String> keys() {
    return Collections.unmodifiableSet(head.entries().keySet());
  }

  public List<GgufTensor> tensors() {
    return head.tensors();
  }

  /** The bytes of one of this file's tensors. */
  public MemorySegment data(GgufTensor tensor) {
    return bytes.asSlice(tensor.offset(), tensor.bytes());
  }

  /** The string under a key; empty when there is none or it is no string. */
  public Optional<String> string(String key) {
    GgufEntry entry = single(key);
    if (entry == null || entry.type() != GgufValueType.STRING) {
      return Optional.empty();
    }
    return Optional.of(stringAt(entry.start()));
  }

  /** The integer of any width under a key; empty when there is none. */
  public OptionalLong integer(String key) {
    GgufEntry entry = single(key);
    if (entry == null || !entry.type().isInteger()) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(integerAt(entry.type(), entry.start()));
  }

  /** The truth value under a key; empty when there is none. */
  public Optional<Boolean> bool(String key) {
    GgufEntry entry = single(key);
    if (entry == null || entry.type() != GgufValueType.BOOL) {
      return Optional.empty();
    }
    return Optional.of(buffer.get(entry.start()) != 0);
  }

  /** The FLOAT32 under a key; empty when there is none. */
  public OptionalDouble float32(String key) {
    GgufEntry entry = single(key);
    if (entry == null || entry.type() != GgufValueType.FLOAT32) {
      return OptionalDouble.empty();
    }
    return OptionalDouble.of(buffer.getFloat(entry.start()));
  }

  /** The elements of an array of integers of any width; empty when there is none. */
  public Optional<long[]> integers(String key) {
    GgufEntry entry = head.entries().get(key);
    if (entry == null || !entry.array() || !entry.type().isInteger()) {
      return Optional.empty();
    }
    long[] values = new long[entry.count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = integerAt(entry.type(), entry.start() + i * entry.type().minBytes());
    }
    return Optional.of(values);
  }

  /** The elements of an array of strings, all decoded; empty when there is none. */
  public Optional<List<String>> strings(String key) {
    GgufEntry entry = head.entries().get(key);
    if (entry == null || !entry.array() || entry.type() != GgufValueType.STRING) {
      return Optional.empty();
    }
    String[] values = new String[entry.count()];
    int position = entry.start();
    for (int i = 0; i < values.length; i++) {
      values[i] = stringAt(position);
      position += 8 + (int) buffer.getLong(position);
    }
    return Optional.of(List.of(values));
  }

  /** How many elements the array under a key has; empty when there is no array. */
  public OptionalLong arrayLength(String key) {
    GgufEntry entry = head.entries().get(key);
    return entry == null || !entry.array() ? OptionalLong.empty() : OptionalLong.of(entry.count());
  }

  /**
   * The number format of the array under a key.
   *
   * @throws GgufRejectedException when there is no array
   */
  GgufValueType elementType(String key) {
    GgufEntry entry = head.entries().get(key);
    if (entry == null || !entry.array()) {
      throw new GgufRejectedException("value must be an array", "key " + key);
    }
    return entry.type();
  }

  /**
   * The index of the first string in an array that repeats an earlier one; -1 for none.
   *
   * @param maxBytes the array must not take more
   */
  int firstRepeated(String key, int maxBytes) {
    GgufEntry entry = Objects.requireNonNull(head.entries().get(key));
    int bytes = entry.end() - entry.start();
    if (bytes > maxBytes) {
      throw new GgufRejectedException(
          "array must take at most " + maxBytes + " bytes", "key " + key);
    }
    byte[] region = new byte[bytes];
    buffer.get(entry.start(), region);
    return DistinctStrings.firstRepeated(region, entry.count());
  }

  /** The value under a key as it stands in the file, type included; for copying. */
  byte[] encoded(String key) {
    GgufEntry entry = head.entries().get(key);
    if (entry == null) {
      throw new IllegalArgumentException("no such key: " + key);
    }
    int typeBytes = entry.array() ? 4 + 4 + 8 : 4;
    byte[] copy = new byte[typeBytes + entry.end() - entry.start()];
    buffer.get(entry.start() - typeBytes, copy);
    return copy;
  }

  @Override
  public void close() {
    arena.close();
  }

  private @Nullable GgufEntry single(String key) {
    GgufEntry entry = head.entries().get(key);
    return entry == null || entry.array() ? null : entry;
  }

  private String stringAt(int position) {
    byte[] text = new byte[(int) buffer.getLong(position)];
    buffer.get(position + 8, text);
    return new String(text, StandardCharsets.UTF_8);
  }

  /** An unsigned value beyond 63 bits comes out negative. */
  private long integerAt(GgufValueType type, int position) {
    return switch (type) {
      case UINT8 -> buffer.get(position) & 0xff;
      case INT8 -> buffer.get(position);
      case UINT16 -> buffer.getShort(position) & 0xffff;
      case INT16 -> buffer.getShort(position);
      case UINT32 -> buffer.getInt(position) & 0xffff_ffffL;
      case INT32 -> buffer.getInt(position);
      case UINT64, INT64 -> buffer.getLong(position);
      case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> throw new IllegalArgumentException(type.name());
    };
  }
}
