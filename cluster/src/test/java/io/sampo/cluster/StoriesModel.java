package io.sampo.cluster;

import io.sampo.engines.modelstore.download.DownloadListener;
import io.sampo.engines.modelstore.store.ModelReference;
import io.sampo.engines.modelstore.store.ModelStore;
import io.sampo.engines.modelstore.store.StoreSettings;
import java.nio.file.Path;
import java.util.Optional;

/** The default model, fetched once for all builds, like the native libraries. */
final class StoriesModel {

  static final String NAME = "stories15m";

  private StoriesModel() {}

  static Path file() throws Exception {
    Path home =
        Path.of(
            Optional.ofNullable(System.getenv("SAMPO_HOME"))
                .orElse(System.getProperty("user.home") + "/.sampo"));
    ModelStore store = new ModelStore(home.resolve("models"), StoreSettings.defaults());
    return store.resolve(ModelReference.parse(NAME), DownloadListener.SILENT).file();
  }
}
