package io.sampo.engines.llamacpp.jni;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.KernelOffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The native library of this module: found, loaded and started once in a process. */
public final class NativeLibrary {

  /** Names the folder that holds our library and llama.cpp's. */
  public static final String FOLDER_PROPERTY = "sampo.native.dir";

  private static final Logger LOG = LoggerFactory.getLogger(NativeLibrary.class);
  private static boolean started;

  private NativeLibrary() {}

  /**
   * Loads the library if that has not been done.
   *
   * @throws EngineException INTERNAL when it is missing or does not run here
   */
  @SuppressWarnings("restricted")
  public static synchronized void ensureStarted() {
    if (started) {
      return;
    }
    String folder = System.getProperty(FOLDER_PROPERTY);
    if (folder == null) {
      throw unavailable("the property " + FOLDER_PROPERTY + " is not set", null);
    }
    Path library = Path.of(folder).toAbsolutePath().resolve(System.mapLibraryName("sampo_llama"));
    if (!Files.isRegularFile(library)) {
      throw unavailable(library + " does not exist", null);
    }
    try {
      System.load(library.toString());
    } catch (UnsatisfiedLinkError broken) {
      throw unavailable(String.valueOf(broken.getMessage()), broken);
    }
    start(folder.getBytes(UTF_8));
    started = true;
  }

  private static EngineException unavailable(String reason, @Nullable Throwable cause) {
    return new EngineException(
        Kind.INTERNAL,
        "llama.cpp is not available: "
            + reason
            + ". Build the module engines/llamacpp, which"
            + " fills its folder target/native, and set -D"
            + FOLDER_PROPERTY
            + " to that folder.",
        cause);
  }

  /** Moves the warnings that llama.cpp has written since the last call to this module's log. */
  public static void forwardLog() {
    String lines = new String(drainLog(), UTF_8);
    if (!lines.isEmpty()) {
      lines.lines().forEach(line -> LOG.debug("llama.cpp: {}", line));
    }
  }

  /** The GPUs that llama.cpp can use, by name; empty when there is none. */
  public static List<String> gpuNames() {
    ensureStarted();
    String names = new String(gpus(), UTF_8);
    return names.isEmpty() ? List.of() : List.of(names.split(", "));
  }

  /** The free memory of each of {@link #gpuNames}, in bytes. */
  public static long[] freeGpuBytes() {
    ensureStarted();
    return gpuFreeBytes();
  }

  /** Our own CPU kernels that run here, or why none do. */
  public static KernelOffer kernels() {
    ensureStarted();
    String variants = new String(kernelVariants(), UTF_8);
    return new KernelOffer(
        variants.isEmpty() ? List.of() : List.of(variants.split(",", -1)),
        new String(kernelTrouble(), UTF_8));
  }

  /**
   * Writes a quantized copy of a GGUF file. Takes minutes for a large one.
   *
   * @param type as llama.cpp's tools name it, for example {@code Q4_K_M}
   * @param threads 0 for one each core
   * @throws EngineException INVALID_REQUEST for an unknown type, MODEL_REJECTED when the file
   *     cannot be read or its tensors cannot take this type
   */
  public static void quantize(Path from, Path to, String type, int threads) {
    ensureStarted();
    quantize(bytes(from), bytes(to), type.getBytes(UTF_8), threads);
  }

  static byte[] bytes(Path path) {
    return path.toString().getBytes(UTF_8);
  }

  private static native void start(byte[] folder);

  private static native byte[] drainLog();

  private static native byte[] gpus();

  private static native byte[] kernelVariants();

  private static native byte[] kernelTrouble();

  private static native long[] gpuFreeBytes();

  private static native void quantize(byte[] from, byte[] to, byte[] type, int threads);
}
