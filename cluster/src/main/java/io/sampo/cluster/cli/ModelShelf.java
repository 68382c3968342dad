package io.sampo.cluster.cli;

import io.sampo.cluster.cli.settings.Layers;
import io.sampo.cluster.cli.settings.UsageException;
import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.download.DownloadListener;
import io.sampo.engines.modelstore.download.DownloadSettings;
import io.sampo.engines.modelstore.download.EnvironmentProxies;
import io.sampo.engines.modelstore.download.ProgressBar;
import io.sampo.engines.modelstore.gguf.GgufRejectedException;
import io.sampo.engines.modelstore.gguf.GgufSummary;
import io.sampo.engines.modelstore.gguf.GgufValidator;
import io.sampo.engines.modelstore.store.ModelReference;
import io.sampo.engines.modelstore.store.ModelReference.HuggingFace;
import io.sampo.engines.modelstore.store.ModelReference.LocalFile;
import io.sampo.engines.modelstore.store.ModelReference.Stories;
import io.sampo.engines.modelstore.store.ModelReference.WebFile;
import io.sampo.engines.modelstore.store.ModelStore;
import io.sampo.engines.modelstore.store.StoreSettings;
import io.sampo.engines.modelstore.store.StoredModel;
import java.io.IOException;
import java.net.ProxySelector;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/**
 * The user's model store, as the verbs use it: settings from the environment, progress for eyes.
 */
final class ModelShelf {

  static final String DEFAULT = "stories15m";

  private static final Duration LOCK_DEADLINE = Duration.ofMinutes(30);

  private final Surroundings surroundings;
  private final ModelStore store;

  ModelShelf(Surroundings surroundings, Path dataFolder) {
    this.surroundings = surroundings;
    this.store = new ModelStore(dataFolder.resolve("models"), settings(surroundings.environment()));
  }

  /** The store that a verb with these flags is about. */
  static ModelShelf of(CommandSpec verb, Surroundings surroundings) {
    Layers layers = Layers.withoutFile(FlagOptions.given(verb), surroundings.environment());
    return new ModelShelf(surroundings, layers.dataFolder());
  }

  ModelStore store() {
    return store;
  }

  /**
   * Reads what a person wrote for a model.
   *
   * @throws UsageException when it names none
   */
  static ModelReference reference(String text) {
    try {
      return ModelReference.parse(text);
    } catch (ModelStoreException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Reads what a person wrote for a model of the store.
   *
   * @param files what to say of a file of the person's own, which the store does not hold
   * @throws UsageException when it names none
   */
  static ModelReference stored(String text, String files) {
    ModelReference reference = reference(text);
    if (reference instanceof LocalFile) {
      throw new UsageException(text + " is a file of your own" + files);
    }
    return reference;
  }

  /** A model, downloaded if it is not here. */
  LocalModel obtain(String text) throws IOException, InterruptedException {
    ModelReference reference = reference(text);
    return local(reference, store.resolve(reference, progress()));
  }

  /** A model that is here already. */
  LocalModel present(String text) throws IOException {
    ModelReference reference = reference(text);
    Optional<StoredModel> found = store.find(reference);
    return local(reference, found.orElseThrow(() -> absent(reference, text)));
  }

  private static FailedException absent(ModelReference reference, String text) {
    return new FailedException(
        reference instanceof LocalFile
            ? "there is no file " + text
            : text + " is not on this machine; 'sampo pull " + text + "' brings it");
  }

  /** Draws on standard error, so that standard output stays for answers. */
  DownloadListener progress() {
    boolean colour =
        surroundings.errIsTerminal()
            && surroundings.environment().getOrDefault("NO_COLOR", "").isEmpty();
    return new ProgressBar(
        surroundings.err(), surroundings.errIsTerminal(), colour, System::nanoTime);
  }

  private static LocalModel local(ModelReference reference, StoredModel stored) throws IOException {
    try {
      GgufSummary summary = GgufValidator.validate(stored.file());
      return new LocalModel(
          servedName(reference), stored.file(), source(reference, stored), Optional.of(summary));
    } catch (GgufRejectedException e) {
      throw new FailedException(stored.file() + ": " + e.getMessage() + "; give another file", e);
    }
  }

  private static String source(ModelReference reference, StoredModel stored) {
    return reference instanceof LocalFile
        ? stored.file().toAbsolutePath().toString()
        : reference.name();
  }

  /** What clients call a model: short, and without the place it came from. */
  static String servedName(ModelReference reference) {
    return switch (reference) {
      case Stories stories -> stories.name();
      case HuggingFace hub -> hub.name().substring("hf:".length());
      case LocalFile local -> bare(local.name());
      case WebFile web -> bare(web.address().getPath());
    };
  }

  private static String bare(String path) {
    return path.substring(path.lastIndexOf('/') + 1).replaceFirst("(?i)\\.gguf$", "");
  }

  private static StoreSettings settings(Map<String, String> environment) {
    String endpoint = environment.getOrDefault("HF_ENDPOINT", "");
    return new StoreSettings(
        endpoint.isEmpty() ? StoreSettings.HUGGING_FACE : endpoint(endpoint),
        environment.get("HF_TOKEN"),
        hubCache(environment),
        proxies(environment),
        DownloadSettings.DEFAULTS,
        LOCK_DEADLINE);
  }

  /** Where Hugging Face's own programs look, in their order. */
  private static Path hubCache(Map<String, String> environment) {
    String hub = environment.getOrDefault("HF_HUB_CACHE", "");
    String home = environment.getOrDefault("HF_HOME", "");
    String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
    if (!hub.isEmpty()) {
      return Path.of(hub);
    } else if (!home.isEmpty()) {
      return Path.of(home, "hub");
    }
    return caches.isEmpty()
        ? Path.of(System.getProperty("user.home"), ".cache", "huggingface", "hub")
        : Path.of(caches, "huggingface", "hub");
  }

  private static ProxySelector proxies(Map<String, String> environment) {
    try {
      return new EnvironmentProxies(environment, ProxySelector.getDefault());
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  private static URI endpoint(String text) {
    try {
      URI address = URI.create(text.replaceFirst("/+$", ""));
      if (address.getHost() != null) {
        return address;
      }
    } catch (IllegalArgumentException e) {
      // Refused below, with the rule.
    }
    throw new UsageException("HF_ENDPOINT=" + text + ": expected an address such as https://…");
  }
}
