package io.sampo.engines.modelstore.store;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.store.ModelReference.HuggingFace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What Hugging Face's own programs have downloaded on this machine, in their layout: {@code
 * models--ORG--REPO} holds {@code refs/main} with the newest revision, {@code snapshots/REVISION}
 * with links that bear the files' names, and {@code blobs} with the files, those of models named by
 * their SHA-256. Only read, never written.
 */
final class HuggingFaceCache {

  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern REVISION = Pattern.compile("[0-9a-f]{40,64}");
  private static final int MAX_DEPTH = 8;

  /**
   * A file that may be what is wanted; its digest, where the name tells one, is not checked yet.
   */
  record Found(Path file, @Nullable String sha256) {}

  private final @Nullable Path folder;

  /**
   * Looks into a folder.
   *
   * @param folder the cache; null for none
   */
  HuggingFaceCache(@Nullable Path folder) {
    this.folder = folder;
  }

  /**
   * The files that a reference means in the newest revision that is here, in order; empty when they
   * are not all here. Without a quantization only the usual one counts: whether there is no such
   * file, only the repository itself can tell.
   */
  List<Found> files(HuggingFace reference) throws IOException {
    Optional<Path> snapshot = snapshot(reference.repository());
    if (snapshot.isEmpty()) {
      return List.of();
    }
    boolean open = reference.quantization() == null && reference.file() == null;
    HuggingFace exact =
        open ? new HuggingFace(reference.repository(), RepositoryFile.USUAL, null) : reference;
    List<Found> found = new ArrayList<>();
    try {
      for (RepositoryFile file : RepositoryFile.choose(exact, list(snapshot.get()))) {
        found.add(found(snapshot.get().resolve(file.path())));
      }
      return found;
    } catch (ModelStoreException notHere) {
      return List.of();
    }
  }

  /** The file of a repository with this announced digest and size. */
  Optional<Found> blob(String repository, String sha256, long bytes) throws IOException {
    if (folder == null) {
      return Optional.empty();
    }
    Path blob = home(folder, repository).resolve("blobs").resolve(sha256);
    return Files.isRegularFile(blob) && Files.size(blob) == bytes
        ? Optional.of(new Found(blob.toRealPath(), sha256))
        : Optional.empty();
  }

  private Optional<Path> snapshot(String repository) throws IOException {
    if (folder == null) {
      return Optional.empty();
    }
    Path home = home(folder, repository);
    Path main = home.resolve("refs").resolve("main");
    if (!Files.isRegularFile(main) || Files.size(main) > 100) {
      return Optional.empty();
    }
    String revision = Files.readString(main).strip();
    return REVISION.matcher(revision).matches()
        ? Optional.of(home.resolve("snapshots").resolve(revision)).filter(Files::isDirectory)
        : Optional.empty();
  }

  private static Path home(Path folder, String repository) {
    return folder.resolve("models--" + repository.replace("/", "--"));
  }

  private static List<RepositoryFile> list(Path snapshot) throws IOException {
    try (Stream<Path> files = Files.walk(snapshot, MAX_DEPTH)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> new RepositoryFile(snapshot.relativize(file).toString(), -1, null))
          .sorted((a, b) -> a.path().compareTo(b.path()))
          .toList();
    }
  }

  private static Found found(Path link) throws IOException {
    Path file = link.toRealPath();
    String name = String.valueOf(file.getFileName());
    return new Found(file, SHA256.matcher(name).matches() ? name : null);
  }
}
