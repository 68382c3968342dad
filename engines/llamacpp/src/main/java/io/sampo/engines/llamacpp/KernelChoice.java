package io.sampo.engines.llamacpp;

import io.sampo.engines.llamacpp.jni.NativeLibrary;
import io.sampo.engines.llamacpp.jni.NativeModel;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import io.sampo.engines.spi.EngineSettings;
import io.sampo.engines.spi.KernelOffer;
import io.sampo.engines.spi.KernelStats;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which kernels multiply a model's weights on the CPU: {@code auto}, the default, for our fastest
 * that run here, {@code off} for ggml's alone, or one of ours by name, for trials.
 */
final class KernelChoice {

  /** The option's name. */
  static final String KERNELS = "kernels";

  private static final Logger LOG = LoggerFactory.getLogger(KernelChoice.class);
  private static final String AUTO = "auto";
  private static final String OFF = "off";
  private static final Set<String> VALUES = Set.of(AUTO, OFF, "avx512-vnni", "avx-vnni", "avx2");

  private KernelChoice() {}

  /**
   * What the settings say.
   *
   * @throws EngineException INVALID_REQUEST for what is no choice
   */
  static String of(EngineSettings settings) {
    String asked = settings.options().getOrDefault(KERNELS, AUTO);
    if (!VALUES.contains(asked)) {
      throw new EngineException(
          Kind.INVALID_REQUEST,
          KERNELS
              + " must be one of "
              + String.join(", ", new TreeSet<>(VALUES))
              + ", is '"
              + asked
              + "'");
    }
    return asked;
  }

  /** Writes one line about a loaded model, unless the kernels are off. */
  static void log(Path file, String choice, NativeModel model) {
    KernelStats taken = model.kernels();
    if (taken.matrices() > 0) {
      LOG.info(
          "{}: our {} kernels multiply {} of its matrices, {} MB packed in {}",
          file.getFileName(),
          taken.variant(),
          taken.matrices(),
          taken.fileBytes() / 1_000_000,
          taken.packedBytes() / 1_000_000);
    } else if (!choice.equals(OFF) && taken.variant().isEmpty()) {
      KernelOffer offer = NativeLibrary.kernels();
      LOG.info(
          "{}: our kernels are off: {}",
          file.getFileName(),
          offer.variants().isEmpty() ? offer.trouble() : "this machine has no " + choice);
    } else if (!choice.equals(OFF)) {
      LOG.debug("{} has no matrix for our kernels", file.getFileName());
    }
  }
}
