package io.sampo.engines.llamacpp.jni;

import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import java.util.function.LongConsumer;

/** A native object and the one right to free it. */
final class NativeHandle implements AutoCloseable {

  private final String what;
  private final LongConsumer free;
  private long address;

  /**
   * @param what stands in messages
   * @param address of the object
   * @param free gives its memory back
   */
  NativeHandle(String what, long address, LongConsumer free) {
    this.what = what;
    this.address = address;
    this.free = free;
  }

  /**
   * What native methods take; valid until {@link #close}.
   *
   * @throws EngineException CLOSED
   */
  long get() {
    requireOpen();
    return address;
  }

  void requireOpen() {
    if (address == 0) {
      throw new EngineException(Kind.CLOSED, "the " + what + " was closed");
    }
  }

  /** Frees the object; once more is harmless. */
  @Override
  public void close() {
    if (address != 0) {
      free.accept(address);
      address = 0;
    }
  }
}
