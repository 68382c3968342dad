package io.sampo.engines.llamacpp.jni;

import io.sampo.engines.spi.EngineException;
import java.nio.file.Path;

/**
 * A LoRA adapter's weights in native memory. Loaded, used and closed by the thread that computes
 * with its model, and closed before the model.
 */
public final class NativeAdapter implements AutoCloseable {

  private final NativeHandle handle;

  private NativeAdapter(long loaded) {
    handle = new NativeHandle("adapter", loaded, NativeAdapter::free);
  }

  /**
   * Loads a file that has passed Java's checks.
   *
   * @param scale how strongly it changes the weights
   * @throws EngineException MODEL_REJECTED with llama.cpp's reason
   */
  public static NativeAdapter load(NativeModel model, Path file, float scale) {
    try {
      return new NativeAdapter(load(model.handle(), NativeLibrary.bytes(file), scale));
    } finally {
      NativeLibrary.forwardLog();
    }
  }

  /** For this package: valid while the adapter is open. */
  long handle() {
    return handle.get();
  }

  @Override
  public void close() {
    handle.close();
  }

  private static native long load(long model, byte[] path, float scale);

  private static native void free(long adapter);
}
