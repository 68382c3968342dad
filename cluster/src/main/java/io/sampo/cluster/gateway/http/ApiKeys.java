package io.sampo.cluster.gateway.http;

import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.json.Refusal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * Who may use the endpoint. Only digests of keys are kept, and a key is compared with every one of
 * them in constant time, so that neither a heap dump nor a clock gives one away.
 */
public final class ApiKeys {

  private static final String BEARER = "bearer ";

  private final boolean open;
  private final List<byte[]> digests;

  private ApiKeys(boolean open, List<byte[]> digests) {
    this.open = open;
    this.digests = digests;
  }

  /** Everybody may use the endpoint. */
  public static ApiKeys open() {
    return new ApiKeys(true, List.of());
  }

  public static ApiKeys of(List<String> keys) {
    return new ApiKeys(false, keys.stream().map(ApiKeys::digest).toList());
  }

  /**
   * Reads a file of one key a line; empty lines and those that begin with {@code #} are skipped.
   *
   * @throws IllegalArgumentException when no key is in it
   */
  public static ApiKeys load(Path file) throws IOException {
    List<String> keys =
        Files.readAllLines(file).stream()
            .map(String::strip)
            .filter(line -> !line.isEmpty() && !line.startsWith("#"))
            .toList();
    if (keys.isEmpty()) {
      throw new IllegalArgumentException(
          "The API key file " + file + " holds no key; write one key a line.");
    }
    return of(keys);
  }

  public void check(HttpRequest request) {
    if (!open && !known(presented(request))) {
      throw new Refusal(
          new Failure(ErrorCode.INVALID_API_KEY, "Incorrect or missing API key.", null, 0));
    }
  }

  private static String presented(HttpRequest request) {
    String authorization = request.getHeader("authorization").map(HttpHeader::value).orElse("");
    if (authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return authorization.substring(BEARER.length()).strip();
    }
    return request.getHeader("x-api-key").map(HttpHeader::value).orElse("").strip();
  }

  private boolean known(String key) {
    byte[] digest = digest(key);
    boolean found = false;
    for (byte[] one : digests) {
      found |= MessageDigest.isEqual(one, digest);
    }
    return found;
  }

  private static byte[] digest(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
