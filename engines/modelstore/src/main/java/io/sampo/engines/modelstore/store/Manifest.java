package io.sampo.engines.modelstore.store;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Which blobs make up a model.
 *
 * @param name of the model
 * @param files in order; more than one for a split model
 */
record Manifest(String name, List<Part> files) {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

  /**
   * One file.
   *
   * @param digest {@code sha256:} and 64 hexadecimal digits
   * @param version what the source called this version of it; may be empty
   */
  record Part(String digest, long bytes, String version) {

    Part {
      if (!DIGEST.matcher(digest).matches() || bytes < 0) {
        throw new IllegalArgumentException("no valid digest: " + digest);
      }
    }

    String sha256() {
      return digest.substring("sha256:".length());
    }
  }

  Manifest {
    files = List.copyOf(files);
    if (files.isEmpty()) {
      throw new IllegalArgumentException("a manifest without files");
    }
  }

  long bytes() {
    return files.stream().mapToLong(Part::bytes).sum();
  }

  byte[] toJson() {
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(this);
  }

  /** Reads a manifest of the store. */
  static Manifest read(Path file) throws IOException {
    try {
      return JSON.readValue(Files.readAllBytes(file), Manifest.class);
    } catch (JacksonException | IllegalArgumentException | NullPointerException damaged) {
      throw new ModelStoreException(
          Kind.SOURCE_INVALID, file + " is damaged: delete it and pull the model again", damaged);
    }
  }
}
