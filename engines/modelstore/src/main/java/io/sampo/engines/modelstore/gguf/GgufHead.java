package io.sampo.engines.modelstore.gguf;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Everything in a GGUF file before the tensors' bytes, parsed and checked in one pass: magic,
 * version, counts, typed metadata, tensor descriptions. The rules are those of the format, of what
 * ggml accepts, and bounds of our own where the format has none. Strings in arrays are skimmed and
 * not decoded, so that a vocabulary costs little.
 *
 * @param version of the format
 * @param alignment of tensors, in bytes
 * @param entries the metadata in the file's order
 * @param tensors the tensors in the file's order
 */
record GgufHead(
    int version, int alignment, Map<String, GgufEntry> entries, List<GgufTensor> tensors) {

  /** Metadata and tensor descriptions of known models take some 20 MB; this is far beyond. */
  static final int MAX_HEAD_BYTES = 1 << 30;

  private static final int MAGIC = 0x46554747;
  private static final int MAX_ENTRIES = 1 << 16;
  private static final int MAX_TENSORS = 1 << 16;
  private static final int MAX_KEY_BYTES = 1024;
  private static final int MAX_NAME_BYTES = 63;
  private static final int MAX_ARRAY_ELEMENTS = 16 << 20;
  private static final int MAX_DIMENSIONS = 4;
  private static final int MAX_ALIGNMENT = 64 << 10;
  private static final int DEFAULT_ALIGNMENT = 32;
  private static final String ALIGNMENT_KEY = "general.alignment";

  /**
   * Parses the head.
   *
   * @param head the file's first bytes, little-endian
   * @param fileBytes the size of the whole file
   * @throws GgufRejectedException when a rule is broken
   */
  static GgufHead parse(ByteBuffer head, long fileBytes) {
    GgufCursor cursor = new GgufCursor(head);
    if (cursor.remaining() < 4 || cursor.int32() != MAGIC) {
      throw cursor.rejected("magic must be GGUF");
    }
    int version = cursor.int32();
    if (version != 2 && version != 3) {
      throw cursor.rejected("version must be 2 or 3, is " + Integer.toUnsignedString(version));
    }
    int tensorCount = cursor.count("tensor count", MAX_TENSORS, 8 + 4 + 4 + 8);
    int entryCount = cursor.count("metadata count", MAX_ENTRIES, 8 + 4 + 1);
    Map<String, GgufEntry> entries = entries(cursor, entryCount);
    int alignment = alignment(head, entries);
    List<GgufTensor> tensors = tensors(cursor, tensorCount, alignment, fileBytes);
    return new GgufHead(version, alignment, entries, tensors);
  }

  private static Map<String, GgufEntry> entries(GgufCursor cursor, int count) {
    Map<String, GgufEntry> entries = LinkedHashMap.newLinkedHashMap(count);
    for (int i = 0; i < count; i++) {
      cursor.enter("key number " + i);
      String key = cursor.string("key", MAX_KEY_BYTES);
      if (key.isEmpty()) {
        throw cursor.rejected("key must not be empty");
      }
      cursor.enter("key " + key);
      if (entries.put(key, entry(cursor)) != null) {
        throw cursor.rejected("key must be unique");
      }
    }
    return entries;
  }

  private static GgufEntry entry(GgufCursor cursor) {
    GgufValueType type = valueType(cursor);
    if (type != GgufValueType.ARRAY) {
      int start = cursor.position();
      skipValues(cursor, type, 1);
      return new GgufEntry(type, false, 1, start, cursor.position());
    }
    GgufValueType element = valueType(cursor);
    if (element == GgufValueType.ARRAY) {
      throw cursor.rejected("array must not hold arrays");
    }
    int count = cursor.count("array length", MAX_ARRAY_ELEMENTS, element.minBytes());
    int start = cursor.position();
    skipValues(cursor, element, count);
    return new GgufEntry(element, true, count, start, cursor.position());
  }

  private static void skipValues(GgufCursor cursor, GgufValueType type, int count) {
    if (type == GgufValueType.STRING) {
      cursor.skipStrings(count);
    } else {
      cursor.skip((long) count * type.minBytes());
    }
  }

  private static GgufValueType valueType(GgufCursor cursor) {
    int id = cursor.int32();
    GgufValueType type = GgufValueType.of(id);
    if (type == null) {
      throw cursor.rejected("value type must be known, is " + Integer.toUnsignedString(id));
    }
    return type;
  }

  private static int alignment(ByteBuffer head, Map<String, GgufEntry> entries) {
    GgufEntry entry = entries.get(ALIGNMENT_KEY);
    if (entry == null) {
      return DEFAULT_ALIGNMENT;
    }
    String field = "key " + ALIGNMENT_KEY;
    if (entry.array() || entry.type() != GgufValueType.UINT32) {
      throw new GgufRejectedException("value must be a UINT32", field);
    }
    int alignment = head.getInt(entry.start());
    if (alignment <= 0 || alignment > MAX_ALIGNMENT || Integer.bitCount(alignment) != 1) {
      throw new GgufRejectedException(
          "alignment must be a power of two up to "
              + MAX_ALIGNMENT
              + ", is "
              + Integer.toUnsignedString(alignment),
          field);
    }
    return alignment;
  }

  private static List<GgufTensor> tensors(
      GgufCursor cursor, int count, int alignment, long fileBytes) {
    List<GgufTensor> relative = new ArrayList<>(count);
    Set<String> names = HashSet.newHashSet(count);
    long expected = 0;
    for (int i = 0; i < count; i++) {
      cursor.enter("tensor number " + i);
      GgufTensor tensor = tensor(cursor, alignment);
      if (!names.add(tensor.name())) {
        throw cursor.rejected("tensor name must be unique");
      }
      if (tensor.offset() != expected) {
        throw cursor.rejected(
            "offset must follow the tensor before without gap or overlap: "
                + expected
                + ", is "
                + Long.toUnsignedString(tensor.offset()));
      }
      if (tensor.bytes() > fileBytes - expected) {
        throw cursor.rejected("offset and size must lie inside the file");
      }
      expected = padded(expected + tensor.bytes(), alignment);
      relative.add(tensor);
    }
    return placed(relative, padded(cursor.position(), alignment), fileBytes);
  }

  /** The tensors with offsets from the start of the file. */
  private static List<GgufTensor> placed(List<GgufTensor> relative, long data, long fileBytes) {
    List<GgufTensor> placed = new ArrayList<>(relative.size());
    for (GgufTensor t : relative) {
      long offset = data + t.offset();
      if (offset + t.bytes() > fileBytes) {
        throw new GgufRejectedException(
            "offset and size must lie inside the file: ends at "
                + (offset + t.bytes())
                + " of "
                + fileBytes
                + " bytes",
            "tensor " + t.name());
      }
      placed.add(new GgufTensor(t.name(), t.dimensions(), t.type(), offset, t.bytes()));
    }
    return List.copyOf(placed);
  }

  private static GgufTensor tensor(GgufCursor cursor, int alignment) {
    String name = cursor.string("tensor name", MAX_NAME_BYTES);
    cursor.enter("tensor " + name);
    List<Long> dimensions = dimensions(cursor);
    int id = cursor.int32();
    GgmlType type = GgmlType.of(id);
    if (type == null) {
      throw cursor.rejected("number format must be known, is " + Integer.toUnsignedString(id));
    }
    long bytes = tensorBytes(cursor, dimensions, type);
    long offset = cursor.int64();
    if (Long.remainderUnsigned(offset, alignment) != 0) {
      throw cursor.rejected("offset must be a multiple of the alignment " + alignment);
    }
    return new GgufTensor(name, dimensions, type, offset, bytes);
  }

  private static List<Long> dimensions(GgufCursor cursor) {
    int count = cursor.int32();
    if (count < 0 || count > MAX_DIMENSIONS) {
      throw cursor.rejected("dimensions must be at most 4, are " + Integer.toUnsignedString(count));
    }
    List<Long> dimensions = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      long length = cursor.int64();
      if (length < 1) {
        throw cursor.rejected("dimension must be 1 to 2^63-1, is " + Long.toUnsignedString(length));
      }
      dimensions.add(length);
    }
    return dimensions;
  }

  private static long tensorBytes(GgufCursor cursor, List<Long> dimensions, GgmlType type) {
    long row = dimensions.isEmpty() ? 1 : dimensions.getFirst();
    if (row % type.blockElements() != 0) {
      throw cursor.rejected(
          "row must be a multiple of "
              + type
              + "'s block of "
              + type.blockElements()
              + ", is "
              + row);
    }
    try {
      long elements = 1;
      for (long length : dimensions) {
        elements = Math.multiplyExact(elements, length);
      }
      return type.bytes(elements);
    } catch (ArithmeticException overflow) {
      throw cursor.rejected("number of elements and bytes must fit 63 bits");
    }
  }

  /** The next multiple of the alignment. Both numbers are bounded by the size of a file. */
  private static long padded(long bytes, int alignment) {
    return (bytes + alignment - 1) & -(long) alignment;
  }
}
