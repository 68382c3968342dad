package io.sampo.cluster.gateway.http;

import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.json.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may do what. Only digests of keys are kept, and a key is compared with every one of them in
 * constant time, so that neither a heap dump nor a clock gives one away.
 *
 * <p>A file that has changed is read again within a second of the next question. One that cannot be
 * read then, or holds no key, changes nothing: nobody is let in or locked out by a file that is
 * half written.
 */
public final class ApiKeys {

  private static final Logger LOG = LoggerFactory.getLogger(ApiKeys.class);
  private static final String BEARER = "bearer ";
  private static final long LOOK_AGAIN_NANOS = 1_000_000_000L;

  /** What a file looks like from outside. */
  private record Version(FileTime modified, long bytes) {

    static Version of(Path file) throws IOException {
      return new Version(Files.getLastModifiedTime(file), Files.size(file));
    }
  }

  private record Known(List<KeyFile.Key> keys, @Nullable Version version) {}

  private final boolean open;
  private final @Nullable Path file;
  private volatile Known known;
  private volatile long lookedNanos = System.nanoTime();

  private ApiKeys(boolean open, @Nullable Path file, Known known) {
    this.open = open;
    this.file = file;
    this.known = known;
  }

  /** Everybody may do everything. */
  public static ApiKeys open() {
    return new ApiKeys(true, null, new Known(List.of(), null));
  }

  /** Keys whose owners may have requests answered. */
  public static ApiKeys of(List<String> keys) {
    List<KeyFile.Key> known =
        keys.stream()
            .map(key -> new KeyFile.Key(KeyFile.digest(key), Scope.INFER, KeyFile.NAMELESS))
            .toList();
    return new ApiKeys(false, null, new Known(known, null));
  }

  /**
   * The keys of a file, as it is from time to time.
   *
   * @throws IllegalArgumentException when it is malformed or holds no key
   */
  public static ApiKeys load(Path file) throws IOException {
    Version version = Version.of(file);
    return new ApiKeys(false, file, new Known(KeyFile.read(file), version));
  }

  public boolean isOpen() {
    return open;
  }

  /** Whether somebody has a key for this. */
  public boolean anyFor(Scope needed) {
    return open || known.keys.stream().anyMatch(key -> key.scope().allows(needed));
  }

  /**
   * Lets in who may do what needs this scope.
   *
   * @return the name of who it is
   * @throws Refusal otherwise
   */
  public String check(HttpRequest request, Scope needed) {
    if (open || needed == Scope.NONE) {
      return KeyFile.NAMELESS;
    }
    KeyFile.Key key =
        find(presented(request))
            .orElseThrow(() -> refusal(ErrorCode.INVALID_API_KEY, "Incorrect or missing API key."));
    if (!key.scope().allows(needed)) {
      throw refusal(
          ErrorCode.INSUFFICIENT_SCOPE,
          "This key may not perform '" + needed.name().toLowerCase(Locale.ROOT) + "'.");
    }
    return key.name();
  }

  /**
   * Who owns a key that may do what needs this scope; empty where the key is nobody's or may not.
   */
  public Optional<String> owner(String key, Scope needed) {
    return find(key).filter(found -> found.scope().allows(needed)).map(KeyFile.Key::name);
  }

  private static Refusal refusal(ErrorCode code, String message) {
    return new Refusal(new Failure(code, message, null, 0));
  }

  private static String presented(HttpRequest request) {
    String authorization = request.getHeader("authorization").map(HttpHeader::value).orElse("");
    if (authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return authorization.substring(BEARER.length()).strip();
    }
    return request.getHeader("x-api-key").map(HttpHeader::value).orElse("").strip();
  }

  private Optional<KeyFile.Key> find(String presented) {
    lookAgain();
    byte[] digest = KeyFile.digest(presented);
    KeyFile.Key found = null;
    for (KeyFile.Key one : known.keys) {
      if (MessageDigest.isEqual(one.digest(), digest)) {
        found = one;
      }
    }
    return Optional.ofNullable(found);
  }

  private void lookAgain() {
    long now = System.nanoTime();
    if (file == null || now - lookedNanos < LOOK_AGAIN_NANOS) {
      return;
    }
    lookedNanos = now;
    try {
      Version version = Version.of(file);
      if (!version.equals(known.version)) {
        known = new Known(KeyFile.read(file), version);
        LOG.info("{} was read again: {} keys", file, known.keys.size());
      }
    } catch (IOException | IllegalArgumentException unusable) {
      LOG.warn("the keys stay as they were: {}", unusable.getMessage());
    }
  }
}
