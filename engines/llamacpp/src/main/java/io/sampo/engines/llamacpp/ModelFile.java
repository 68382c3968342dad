package io.sampo.engines.llamacpp;

import io.sampo.engines.modelstore.gguf.GgufRejectedException;
import io.sampo.engines.modelstore.gguf.GgufSummary;
import io.sampo.engines.modelstore.gguf.GgufValidator;
import io.sampo.engines.spi.EngineException;
import io.sampo.engines.spi.EngineException.Kind;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** The check that every model file passes before native code opens it. */
final class ModelFile {

  private ModelFile() {}

  /**
   * Checks a file and says what is in it.
   *
   * @throws EngineException MODEL_REJECTED with the rule that the file breaks
   */
  static GgufSummary check(Path model) {
    try {
      return GgufValidator.validate(model);
    } catch (GgufRejectedException broken) {
      throw rejected(model, String.valueOf(broken.getMessage()), broken);
    } catch (NoSuchFileException missing) {
      throw rejected(model, "there is no such file", missing);
    } catch (IOException unreadable) {
      throw rejected(model, "it cannot be read: " + unreadable.getMessage(), unreadable);
    }
  }

  private static EngineException rejected(Path model, String reason, Exception cause) {
    return new EngineException(Kind.MODEL_REJECTED, model + ": " + reason, cause);
  }
}
