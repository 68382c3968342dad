package io.sampo.engines.llamacpp.jni;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.engines.spi.EngineException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * What a context holds of its sequences, as llama.cpp writes it, out of the context and into it.
 * Used by the context's thread between two steps.
 */
public final class NativeState {

  /** How a context keeps what it computed. */
  public enum Kind {
    /** Keys and values, token by token, in one pool for all sequences. */
    PLAIN,
    /** The same in a part for each sequence, of which only the whole can be copied. */
    SEPARATE,
    /** At least partly a state that each token replaces. */
    RECURRENT,
    /** Keys and values, of which those that left an attention window are gone. */
    WINDOWED,
    /** Keys and values at positions of several dimensions, as of images. */
    MANY_POSITIONS
  }

  private final NativeContext context;

  public NativeState(NativeContext context) {
    this.context = context;
  }

  public Kind kind() {
    return Kind.values()[kind(context.handle())];
  }

  /**
   * Copies out some positions of a sequence. For plain states.
   *
   * @param carrier another sequence, which holds nothing; it is used on the way
   * @param into native memory
   * @return how many bytes were written
   * @throws EngineException INTERNAL where the memory is too small
   */
  public long copyOut(int sequence, int carrier, int begin, int end, MemorySegment into) {
    return copyOut(
        context.handle(), sequence, carrier, begin, end, into.asByteBuffer(), into.byteSize());
  }

  /**
   * Adds positions to a sequence. For plain states.
   *
   * @param state native memory, all of which is the state
   * @param carrier another sequence, which holds nothing; it is used on the way
   * @throws EngineException INTERNAL where llama.cpp refuses it; nothing has changed then
   */
  public void copyIn(MemorySegment state, int carrier, int sequence) {
    copyIn(context.handle(), state.asByteBuffer(), state.byteSize(), carrier, sequence);
  }

  /** llama.cpp's version. */
  public static String libraryVersion() {
    NativeLibrary.ensureStarted();
    return new String(version(), UTF_8);
  }

  private static native int kind(long context);

  private static native long copyOut(
      long context, int sequence, int carrier, int begin, int end, ByteBuffer into, long bytes);

  private static native void copyIn(
      long context, ByteBuffer state, long bytes, int carrier, int sequence);

  private static native byte[] version();
}
