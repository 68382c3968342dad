package io.sampo.engines.modelstore.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a GGUF file, version 3: first declare metadata and tensors in the order wanted, then
 * {@link #write}. Metadata is kept in memory, tensors are streamed. The same calls give the same
 * bytes.
 */
public final class GgufWriter {

  private static final int ALIGNMENT = 32;
  private static final int VERSION = 3;

  private record Tensor(
      String name, List<Long> dimensions, GgmlType type, long bytes, TensorData data) {}

  private final Map<String, byte[]> values = new LinkedHashMap<>();
  private final List<Tensor> tensors = new ArrayList<>();

  public GgufWriter string(String key, String value) {
    return put(key, new Encoder().type(GgufValueType.STRING).string(value));
  }

  public GgufWriter uint32(String key, int value) {
    return put(key, new Encoder().type(GgufValueType.UINT32).int32(value));
  }

  public GgufWriter float32(String key, float value) {
    return put(
        key, new Encoder().type(GgufValueType.FLOAT32).int32(Float.floatToRawIntBits(value)));
  }

  public GgufWriter bool(String key, boolean value) {
    return put(key, new Encoder().type(GgufValueType.BOOL).int8(value ? 1 : 0));
  }

  public GgufWriter strings(String key, List<String> values) {
    Encoder encoder = new Encoder().array(GgufValueType.STRING, values.size());
    values.forEach(encoder::string);
    return put(key, encoder);
  }

  public GgufWriter int32s(String key, int[] values) {
    Encoder encoder = new Encoder().array(GgufValueType.INT32, values.length);
    for (int value : values) {
      encoder.int32(value);
    }
    return put(key, encoder);
  }

  public GgufWriter float32s(String key, float[] values) {
    Encoder encoder = new Encoder().array(GgufValueType.FLOAT32, values.length);
    for (float value : values) {
      encoder.int32(Float.floatToRawIntBits(value));
    }
    return put(key, encoder);
  }

  /** Takes a value over from another file as it is. */
  public GgufWriter copy(String key, GgufFile from) {
    return put(key, from.encoded(key));
  }

  /**
   * Declares a tensor.
   *
   * @param dimensions the row's length first
   * @param data called once, by {@link #write}
   */
  public GgufWriter tensor(String name, GgmlType type, List<Long> dimensions, TensorData data) {
    long elements = 1;
    for (long length : dimensions) {
      elements = Math.multiplyExact(elements, length);
    }
    tensors.add(new Tensor(name, List.copyOf(dimensions), type, type.bytes(elements), data));
    return this;
  }

  /** How large the file will be. */
  public long fileBytes() {
    long bytes = head().length;
    for (Tensor tensor : tensors) {
      bytes += padded(tensor.bytes());
    }
    return bytes;
  }

  /**
   * Writes the file and makes it durable. A file of that name is replaced.
   *
   * @throws IOException when it cannot be written
   * @throws IllegalStateException when a tensor's source gave another number of bytes than declared
   */
  public void write(Path file) throws IOException {
    try (FileChannel out =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      writeFully(out, ByteBuffer.wrap(head()));
      for (Tensor tensor : tensors) {
        long start = out.position();
        tensor.data().writeTo(out);
        long written = out.position() - start;
        if (written != tensor.bytes()) {
          throw new IllegalStateException(
              tensor.name() + " gave " + written + " bytes instead of " + tensor.bytes());
        }
        writeFully(out, ByteBuffer.allocate((int) (padded(written) - written)));
      }
      out.force(true);
    }
  }

  private GgufWriter put(String key, Encoder encoder) {
    return put(key, encoder.out.toByteArray());
  }

  private GgufWriter put(String key, byte[] encoded) {
    values.put(key, encoded);
    return this;
  }

  private byte[] head() {
    Encoder encoder = new Encoder();
    encoder.out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    encoder.int32(VERSION).int64(tensors.size()).int64(values.size());
    values.forEach(
        (key, encoded) -> {
          encoder.string(key);
          encoder.out.writeBytes(encoded);
        });
    long offset = 0;
    for (Tensor tensor : tensors) {
      encoder.string(tensor.name()).int32(tensor.dimensions().size());
      tensor.dimensions().forEach(encoder::int64);
      encoder.int32(tensor.type().id()).int64(offset);
      offset += padded(tensor.bytes());
    }
    while (encoder.out.size() % ALIGNMENT != 0) {
      encoder.int8(0);
    }
    return encoder.out.toByteArray();
  }

  private static long padded(long bytes) {
    return (bytes + ALIGNMENT - 1) & -(long) ALIGNMENT;
  }

  private static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  /** Little-endian encoding of values. */
  private static final class Encoder {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteBuffer word = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);

    Encoder type(GgufValueType type) {
      return int32(type.id());
    }

    Encoder array(GgufValueType element, int count) {
      return type(GgufValueType.ARRAY).type(element).int64(count);
    }

    Encoder string(String value) {
      byte[] text = value.getBytes(StandardCharsets.UTF_8);
      int64(text.length);
      out.writeBytes(text);
      return this;
    }

    Encoder int8(int value) {
      out.write(value);
      return this;
    }

    Encoder int32(int value) {
      word.clear().putInt(value);
      out.write(word.array(), 0, 4);
      return this;
    }

    Encoder int64(long value) {
      word.clear().putLong(value);
      out.write(word.array(), 0, 8);
      return this;
    }
  }
}
