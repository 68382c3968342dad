package io.sampo.engines.llamacpp.jni;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;

/** Arrays of a native object, read and written in place, as long as that is open. */
final class NativeColumns {

  private final Object[] buffers;

  /**
   * @param buffers direct buffers, as native code gives them
   */
  NativeColumns(Object[] buffers) {
    this.buffers = buffers;
  }

  IntBuffer ints(int column) {
    return bytes(column).asIntBuffer();
  }

  LongBuffer longs(int column) {
    return bytes(column).asLongBuffer();
  }

  FloatBuffer floats(int column) {
    return bytes(column).asFloatBuffer();
  }

  private ByteBuffer bytes(int column) {
    return ((ByteBuffer) buffers[column]).order(ByteOrder.nativeOrder());
  }
}
