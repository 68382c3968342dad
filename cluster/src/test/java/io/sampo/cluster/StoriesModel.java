package io.sampo.cluster;

import io.sampo.engines.modelstore.download.DownloadListener;
import io.sampo.engines.modelstore.store.ModelReference;
import io.sampo.engines.modelstore.store.ModelStore;
import io.sampo.engines.modelstore.store.StoreSettings;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/** The default model, fetched once for all builds, like the native libraries. */
public final class StoriesModel {

  public static final String NAME = "stories15m";

  /** What llama-server writes after a prompt, on the same file, at temperature 0 and 64 tokens. */
  record Greedy(String prompt, String text) {}

  private StoriesModel() {}

  public static Path file() throws Exception {
    Path home =
        Path.of(
            Optional.ofNullable(System.getenv("SAMPO_HOME"))
                .orElse(System.getProperty("user.home") + "/.sampo"));
    ModelStore store = new ModelStore(home.resolve("models"), StoreSettings.defaults());
    return store.resolve(ModelReference.parse(NAME), DownloadListener.SILENT).file();
  }

  static List<Greedy> greedy() throws Exception {
    try (InputStream in = StoriesModel.class.getResourceAsStream("/stories15m-greedy.json")) {
      return List.of(new JsonMapper().readValue(Objects.requireNonNull(in), Greedy[].class));
    }
  }
}
