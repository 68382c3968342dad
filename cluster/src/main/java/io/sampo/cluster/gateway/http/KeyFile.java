package io.sampo.cluster.gateway.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The file of {@code --api-key-file}. A line is {@code [ROLE] KEY [NAME]}: the role is infer (also
 * where none is written), read or admin; the key is written as {@code sha256:} and the digest of it
 * in hexadecimal, or as it is; the name is what the log calls its owner. Empty lines and those that
 * begin with {@code #} are skipped.
 *
 * <p>A digest without a salt is enough for keys that are long and random, as {@code sampo key}
 * makes them: there is nothing to try them by.
 */
public final class KeyFile {

  /** Who is meant where a line gives no name. */
  public static final String NAMELESS = "default";

  private static final String HASHED = "sha256:";
  private static final Map<String, Scope> ROLES =
      Map.of("infer", Scope.INFER, "read", Scope.READ, "admin", Scope.ADMIN);

  /**
   * One line.
   *
   * @param digest SHA-256 of the key
   * @param name of its owner
   */
  record Key(byte[] digest, Scope scope, String name) {}

  private KeyFile() {}

  /**
   * Reads a file.
   *
   * @throws IllegalArgumentException when a line is malformed, or no key is in it; the message
   *     quotes no key
   */
  static List<Key> read(Path file) throws IOException {
    List<Key> keys = new ArrayList<>();
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (!line.isEmpty() && !line.startsWith("#")) {
        keys.add(parse(line, file + ", line " + (i + 1)));
      }
    }
    if (keys.isEmpty()) {
      throw new IllegalArgumentException(
          "The API key file " + file + " holds no key; write one key a line.");
    }
    return keys;
  }

  private static Key parse(String line, String place) {
    String[] words = line.split("\\s+", -1);
    Scope scope = ROLES.get(words[0]);
    int at = scope == null ? 0 : 1;
    if (at == words.length) {
      throw new IllegalArgumentException(place + ": the role " + words[0] + " stands for no key.");
    }
    if (words.length > at + 2) {
      throw new IllegalArgumentException(place + ": expected [infer|read|admin] KEY [NAME].");
    }
    String name = words.length == at + 2 ? words[at + 1] : NAMELESS;
    return new Key(digest(words[at], place), scope == null ? Scope.INFER : scope, name);
  }

  private static byte[] digest(String key, String place) {
    if (!key.startsWith(HASHED)) {
      return digest(key);
    }
    String hex = key.substring(HASHED.length()).toLowerCase(Locale.ROOT);
    if (!hex.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException(
          place + ": sha256: is followed by 64 hexadecimal digits; 'sampo key' writes such lines.");
    }
    return HexFormat.of().parseHex(hex);
  }

  /** A line for a key; whoever reads it does not learn the key. */
  public static String line(String role, String key, String name) {
    return role + " " + HASHED + HexFormat.of().formatHex(digest(key)) + " " + name;
  }

  static byte[] digest(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
