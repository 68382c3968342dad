package io.sampo.engines.modelstore.synthetic;

import io.sampo.engines.modelstore.gguf.GgmlType;
import io.sampo.engines.modelstore.gguf.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.SplittableRandom;

/**
 * Random weights for one matrix. Only a first block is drawn and then repeated, because speed is
 * what counts. The block's length is a prime, so that no two rows of a matrix are alike before the
 * matrix has a million rows.
 *
 * <p>Values are uniform with a standard deviation of one over the root of the row's length: a
 * product with a normalized vector then has a standard deviation of about one, and activations stay
 * finite through any number of layers.
 */
record RandomWeights(GgmlType type, int rowLength, long elements, long seed) implements TensorData {

  private static final int BLOCK_ELEMENTS = 1_048_573;

  @Override
  public void writeTo(WritableByteChannel out) throws IOException {
    ByteBuffer block = block();
    long left = type.bytes(elements);
    while (left > 0) {
      block.clear().limit((int) Math.min(left, block.capacity()));
      while (block.hasRemaining()) {
        left -= out.write(block);
      }
    }
  }

  private ByteBuffer block() {
    int count = (int) Math.min(elements, BLOCK_ELEMENTS);
    ByteBuffer block =
        ByteBuffer.allocateDirect(count * type.blockBytes()).order(ByteOrder.LITTLE_ENDIAN);
    SplittableRandom random = new SplittableRandom(seed);
    float scale = (float) (Math.sqrt(3.0 / rowLength) / -(double) Integer.MIN_VALUE);
    for (int i = 0; i < count; i++) {
      float value = random.nextInt() * scale;
      if (type == GgmlType.F16) {
        block.putShort(Float.floatToFloat16(value));
      } else {
        block.putFloat(value);
      }
    }
    return block;
  }
}
