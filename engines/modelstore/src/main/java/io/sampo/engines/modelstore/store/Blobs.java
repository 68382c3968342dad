package io.sampo.engines.modelstore.store;

import io.sampo.engines.modelstore.download.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The folder of a store: which file lies where, and the atomic steps that put files there. All
 * names are digests.
 */
final class Blobs {

  private final Path root;

  Blobs(Path root) {
    this.root = root;
  }

  Path root() {
    return root;
  }

  void createFolders() throws IOException {
    for (String folder : List.of("blobs", "manifests", "splits", "partial", "locks")) {
      Files.createDirectories(root.resolve(folder));
    }
  }

  Path blob(String sha256) {
    return root.resolve("blobs").resolve("sha256-" + sha256);
  }

  boolean has(Manifest.Part part) throws IOException {
    Path blob = blob(part.sha256());
    return Files.isRegularFile(blob, LinkOption.NOFOLLOW_LINKS) && Files.size(blob) == part.bytes();
  }

  Path lock(String name) {
    return root.resolve("locks").resolve(key(name) + ".lock");
  }

  Path partial(String source) {
    return root.resolve("partial").resolve(key(source));
  }

  /** Moves a complete, durable file into its place. */
  void publish(Path file, String sha256) throws IOException {
    Path blob = blob(sha256);
    Files.move(file, blob, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    force(root.resolve("blobs"));
  }

  /** Publishes a verified file of somebody else's, which stays as it is. */
  void adopt(Path file, String sha256) throws IOException {
    Path partial = partial("adopted " + sha256);
    Files.deleteIfExists(partial);
    try {
      Files.createLink(partial, file);
    } catch (IOException | UnsupportedOperationException elsewhere) {
      Files.copy(file, partial);
      force(partial);
    }
    publish(partial, sha256);
  }

  /** The file to load: a blob, or for a split model the first of its names. */
  Path loadable(Manifest manifest) {
    if (manifest.files().size() == 1) {
      return blob(manifest.files().getFirst().sha256());
    }
    return splitName(manifest, 0);
  }

  /** Gives the files of a split model the names that llama.cpp looks for, as hard links. */
  void linkSplits(Manifest manifest) throws IOException {
    removeSplits(manifest.name());
    Files.createDirectories(splitFolder(manifest.name()));
    for (int i = 0; i < manifest.files().size(); i++) {
      Path link = splitName(manifest, i);
      Files.deleteIfExists(link);
      Files.createLink(link, blob(manifest.files().get(i).sha256()));
    }
  }

  private Path splitName(Manifest manifest, int index) {
    String name = "model-%05d-of-%05d.gguf".formatted(index + 1, manifest.files().size());
    return splitFolder(manifest.name()).resolve(name);
  }

  private Path splitFolder(String name) {
    return root.resolve("splits").resolve(key(name));
  }

  Optional<Manifest> manifest(String name) throws IOException {
    Path file = manifestFile(name);
    return Files.exists(file) ? Optional.of(Manifest.read(file)) : Optional.empty();
  }

  /** All manifests, by name. */
  List<Manifest> manifests() throws IOException {
    Path folder = root.resolve("manifests");
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<Manifest> manifests = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).toList()) {
        manifests.add(Manifest.read(file));
      }
    }
    manifests.sort((a, b) -> a.name().compareTo(b.name()));
    return manifests;
  }

  void write(Manifest manifest) throws IOException {
    Path file = manifestFile(manifest.name());
    Path next = file.resolveSibling(file.getFileName() + ".next");
    try (FileChannel out =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer json = ByteBuffer.wrap(manifest.toJson());
      while (json.hasRemaining()) {
        out.write(json);
      }
      out.force(true);
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    force(root.resolve("manifests"));
  }

  /** Removes a manifest and those of its blobs that no other manifest names. */
  void remove(Manifest manifest) throws IOException {
    Files.deleteIfExists(manifestFile(manifest.name()));
    removeSplits(manifest.name());
    dropUnused(manifest);
  }

  /** Removes those of a manifest's blobs that no manifest in the store names. */
  void dropUnused(Manifest gone) throws IOException {
    List<Manifest> others = manifests();
    for (Manifest.Part part : gone.files()) {
      boolean used =
          others.stream()
              .flatMap(other -> other.files().stream())
              .anyMatch(other -> other.digest().equals(part.digest()));
      if (!used) {
        Files.deleteIfExists(blob(part.sha256()));
      }
    }
  }

  private void removeSplits(String name) throws IOException {
    Path folder = splitFolder(name);
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> links = Files.list(folder)) {
      for (Path link : links.toList()) {
        Files.delete(link);
      }
    }
    Files.delete(folder);
  }

  private Path manifestFile(String name) {
    return root.resolve("manifests").resolve(key(name) + ".json");
  }

  /** A file name for any text. */
  private static String key(String text) {
    return Sha256.of(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))).substring(0, 32);
  }

  /** Makes a rename in a folder, or a file, durable. */
  private static void force(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
