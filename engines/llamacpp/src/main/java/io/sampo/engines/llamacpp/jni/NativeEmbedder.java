package io.sampo.engines.llamacpp.jni;

import io.sampo.engines.spi.EngineException;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * The native side of an engine that computes vectors: a batch of whole inputs goes in, a vector for
 * each comes out, in one native call. Used by one thread, except for {@link #interrupt}.
 */
public final class NativeEmbedder implements AutoCloseable {

  /**
   * How it is made.
   *
   * @param batchTokens most tokens of a batch, and so of an input
   * @param maxInputs most inputs of a batch, at most {@link NativeContext#MAX_SEQUENCES}
   * @param flashAttention -1 llama.cpp chooses, 0 off, 1 on
   * @param pooling llama.cpp's number, not that of no pooling
   */
  public record Settings(
      int batchTokens, int maxInputs, int threads, int flashAttention, int pooling) {}

  private final IntBuffer tokens;
  private final IntBuffer positions;
  private final IntBuffer inputs;
  private final FloatBuffer vectors;
  private final int vectorLength;
  private final NativeHandle handle;
  private int rows;
  private int count;

  /**
   * @throws EngineException OUT_OF_MEMORY, or MODEL_REJECTED with llama.cpp's reason
   */
  public NativeEmbedder(NativeModel model, Settings settings) {
    try {
      long created =
          create(
              model.handle(),
              settings.batchTokens,
              settings.maxInputs,
              settings.threads,
              settings.flashAttention,
              settings.pooling);
      handle = new NativeHandle("embedder", created, NativeEmbedder::free);
    } finally {
      NativeLibrary.forwardLog();
    }
    NativeColumns columns = new NativeColumns(columns(handle.get()));
    tokens = columns.ints(0);
    positions = columns.ints(1);
    inputs = columns.ints(2);
    vectors = columns.floats(3);
    vectorLength = vectorLength(handle.get());
  }

  /** Numbers in a vector. */
  public int vectorLength() {
    return vectorLength;
  }

  /** Begins a batch. */
  public void clear() {
    rows = 0;
    count = 0;
  }

  /** Adds an input: tokens inside the vocabulary, 1 or more, for which there is room. */
  public void add(int[] ids, int from, int length) {
    for (int i = 0; i < length; i++) {
      tokens.put(rows, ids[from + i]);
      positions.put(rows, i);
      inputs.put(rows, count);
      rows++;
    }
    count++;
  }

  /**
   * Computes the batch.
   *
   * @return false when {@link #interrupt} ended it
   * @throws EngineException INTERNAL when native code fails
   */
  public boolean compute() {
    return compute(handle.get(), rows, count) == 0;
  }

  /** The vector of the n-th input of the batch, as the model gives it. */
  public float[] vector(int n) {
    float[] vector = new float[vectorLength];
    vectors.get(n * vectorLength, vector);
    return vector;
  }

  /** Makes the running batch and all later ones end soon. For any thread, before {@link #close}. */
  public void interrupt() {
    interrupt(handle.get());
  }

  @Override
  public void close() {
    handle.close();
  }

  private static native long create(
      long model, int batchTokens, int maxInputs, int threads, int flashAttention, int pooling);

  private static native void free(long embedder);

  private static native Object[] columns(long embedder);

  private static native int vectorLength(long embedder);

  private static native int compute(long embedder, int rows, int inputs);

  private static native void interrupt(long embedder);
}
