package io.sampo.engines.modelstore.download;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import io.sampo.engines.modelstore.download.Transfer.SourceChanged;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/**
 * Fetches files. Interrupted anywhere, the next call with the same partial file goes on where this
 * one stopped, as long as the source still has the same version.
 */
public final class Downloader {

  private static final int MAX_VERSIONS = 3;
  private static final long SPARE_BYTES = 64L << 20;

  /** Ranges are made larger for large files, so that there are never many more than this. */
  private static final int MAX_RANGES = 1024;

  private final HttpSource source;
  private final DownloadSettings settings;

  public Downloader(HttpSource source, DownloadSettings settings) {
    this.source = source;
    this.settings = settings;
  }

  /**
   * Fetches a file into {@code partial} and verifies it. The range map lies beside it and is gone
   * after success.
   *
   * @throws ModelStoreException when it cannot be had; see its kind
   */
  public Fetched fetch(RemoteFile file, Path partial, DownloadListener listener)
      throws IOException, InterruptedException {
    Path ranges = partial.resolveSibling(partial.getFileName() + ".ranges");
    for (int i = 0; i < MAX_VERSIONS; i++) {
      SourceVersion version = ask(file);
      try {
        transfer(file, version, partial, ranges, listener);
        return verified(file, version, partial, ranges);
      } catch (SourceChanged changed) {
        Files.deleteIfExists(ranges);
        Files.deleteIfExists(partial);
      }
    }
    throw new ModelStoreException(
        Kind.SOURCE_INVALID, file.label() + " keeps changing at its source; try again later");
  }

  /**
   * The version the source has now.
   *
   * @return its ETag or digest; empty when nothing identifies it
   */
  public String currentVersion(RemoteFile file) throws IOException, InterruptedException {
    return ask(file).identity();
  }

  private SourceVersion ask(RemoteFile file) throws IOException, InterruptedException {
    Attempts attempts = new Attempts(settings, file.label());
    while (true) {
      try {
        return SourceVersion.ask(source, file);
      } catch (IOException failure) {
        attempts.waitAfter(failure);
      }
    }
  }

  private void transfer(
      RemoteFile file, SourceVersion version, Path partial, Path ranges, DownloadListener listener)
      throws IOException, InterruptedException, SourceChanged {
    long rangeBytes = version.ranges() ? rangeBytes(version.bytes()) : version.bytes();
    if (!Files.exists(partial) || Files.size(partial) > version.bytes()) {
      Files.deleteIfExists(ranges);
    }
    RangeMap map = RangeMap.open(ranges, version.identity(), version.bytes(), rangeBytes);
    checkSpace(file, partial, version.bytes() - map.doneBytes());
    try (FileChannel out =
        FileChannel.open(partial, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      out.truncate(version.bytes());
      new Transfer(source, settings, file, version, out, map, listener).run();
      out.force(true);
    }
  }

  private long rangeBytes(long bytes) {
    long unit = settings.rangeBytes();
    return unit * Math.max(1, Math.ceilDiv(bytes, unit * MAX_RANGES));
  }

  private static void checkSpace(RemoteFile file, Path partial, long missing) throws IOException {
    Path folder = Objects.requireNonNull(partial.toAbsolutePath().getParent());
    long usable = Files.getFileStore(folder).getUsableSpace();
    if (usable - SPARE_BYTES < missing) {
      throw new ModelStoreException(
          Kind.NO_SPACE,
          file.label()
              + " needs "
              + Sizes.text(missing)
              + " more, but "
              + folder
              + " has only "
              + Sizes.text(usable)
              + " free: make room, or set SAMPO_HOME to a folder on another disk");
    }
  }

  private static Fetched verified(RemoteFile file, SourceVersion version, Path partial, Path ranges)
      throws IOException {
    String actual = Sha256.of(partial);
    Files.deleteIfExists(ranges);
    String expected = version.sha256();
    if (expected != null && !expected.equals(actual)) {
      Files.delete(partial);
      throw new ModelStoreException(
          Kind.DIGEST_MISMATCH,
          file.label() + " has sha256 " + actual + " instead of " + expected + "; it was removed");
    }
    return new Fetched(actual, version.bytes(), version.identity());
  }
}
