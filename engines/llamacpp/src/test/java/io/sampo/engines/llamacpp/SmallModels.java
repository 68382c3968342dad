package io.sampo.engines.llamacpp;

import static org.assertj.core.api.Assumptions.assumeThat;

import io.sampo.engines.modelstore.download.DownloadListener;
import io.sampo.engines.modelstore.store.ModelReference;
import io.sampo.engines.modelstore.store.ModelStore;
import io.sampo.engines.modelstore.store.StoreSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Small models with real weights: the default one, and those of a folder that is not part of the
 * project and may be missing. It is named by SAMPO_TEST_MODELS, or is shared/models beside the
 * project.
 */
final class SmallModels {

  private SmallModels() {}

  /** A model's file; the test is skipped where it is missing. */
  static Path file(String name) throws Exception {
    if (name.equals("stories15m")) {
      return stories();
    }
    Path file = folder().resolve(name + ".gguf");
    assumeThat(file).isRegularFile();
    return file;
  }

  private static Path folder() {
    String named = System.getenv("SAMPO_TEST_MODELS");
    if (named != null) {
      return Path.of(named);
    }
    Path shared = Path.of("shared", "models");
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.isDirectory(at.resolve(shared))) {
        return at.resolve(shared);
      }
    }
    return shared;
  }

  private static Path stories() throws Exception {
    Path home =
        Path.of(
            Optional.ofNullable(System.getenv("SAMPO_HOME"))
                .orElse(System.getProperty("user.home") + "/.sampo"));
    ModelStore store = new ModelStore(home.resolve("models"), StoreSettings.defaults());
    return store.resolve(ModelReference.parse("stories15m"), DownloadListener.SILENT).file();
  }
}
