package io.sampo.engines.llamacpp;

import io.sampo.engines.modelstore.gguf.AdapterValidator;
import io.sampo.engines.modelstore.gguf.AdapterValidator.AdapterSummary;
import io.sampo.engines.modelstore.gguf.GgufRejectedException;
import io.sampo.engines.spi.Adapter;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** The check that an adapter's file passes before native code opens it. */
final class AdapterFile {

  private AdapterFile() {}

  /**
   * Checks a file, and reads it once, so that the engine's thread finds it in the page cache and no
   * running answer waits for a disk.
   *
   * @param availableBytes memory that could be used
   * @throws EngineException MODEL_REJECTED with the rule that the file breaks, or OUT_OF_MEMORY
   */
  static AdapterSummary check(Adapter adapter, Path model, long availableBytes) {
    Path file = Path.of(adapter.file());
    try {
      AdapterSummary summary = AdapterValidator.validate(file, model);
      if (summary.bytes() > availableBytes) {
        throw new EngineException(
            Kind.OUT_OF_MEMORY,
            "the adapter '%s' needs %d MiB and %d MiB are available"
                .formatted(adapter.name(), summary.bytes() >> 20, availableBytes >> 20));
      }
      try (InputStream bytes = Files.newInputStream(file)) {
        bytes.transferTo(OutputStream.nullOutputStream());
      }
      return summary;
    } catch (GgufRejectedException broken) {
      throw rejected(adapter, String.valueOf(broken.getMessage()), broken);
    } catch (NoSuchFileException missing) {
      throw rejected(adapter, "there is no such file", missing);
    } catch (IOException unreadable) {
      throw rejected(adapter, "its file cannot be read", unreadable);
    }
  }

  /** Users hear this, so it names no path. */
  private static EngineException rejected(Adapter adapter, String reason, Exception cause) {
    return new EngineException(
        Kind.MODEL_REJECTED, "the adapter '" + adapter.name() + "': " + reason, cause);
  }
}
