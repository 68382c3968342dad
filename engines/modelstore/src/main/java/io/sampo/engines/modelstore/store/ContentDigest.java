package io.sampo.engines.modelstore.store;

import io.sampo.engines.modelstore.download.Sha256;
import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which bytes a model's file holds. */
public final class ContentDigest {

  private static final Pattern BLOB = Pattern.compile(".*/blobs/sha256-([0-9a-f]{64})");

  private ContentDigest() {}

  /**
   * The SHA-256 of a file's content in hexadecimal: told by its name where a store keeps it by
   * content, and by reading all of it elsewhere, see {@link Sha256}.
   */
  public static String of(Path file) throws IOException {
    Matcher blob = BLOB.matcher(file.toRealPath().toString());
    return blob.matches() ? blob.group(1) : Sha256.of(file);
  }
}
