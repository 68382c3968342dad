package io.sampo.engines.modelstore.download;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import io.sampo.engines.modelstore.download.HttpSource.Answer;
import java.io.IOException;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a server says of a file before it is fetched.
 *
 * @param address where the bytes come from, after redirects
 * @param bytes the file's size
 * @param ranges whether parts can be asked for
 * @param etag a strong validator, or empty
 * @param sha256 the digest to expect, or null
 */
record SourceVersion(
    URI address, long bytes, boolean ranges, String etag, @Nullable String sha256) {

  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes (\\d{1,18})-\\d+/(\\d{1,18})");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  /** Asks for the first byte, which shows all there is to know. */
  static SourceVersion ask(HttpSource source, RemoteFile file)
      throws IOException, InterruptedException {
    Answer answer = source.get(file.address(), Map.of("Range", "bytes=0-0"));
    answer.body().close();
    boolean ranges = answer.status() == 206;
    long bytes = ranges ? total(answer, 0) : length(answer);
    if (bytes < 1) {
      throw new ModelStoreException(
          Kind.SOURCE_INVALID, file.label() + ": the source does not say how large it is");
    }
    if (file.bytes() >= 0 && file.bytes() != bytes) {
      throw new ModelStoreException(
          Kind.SOURCE_INVALID,
          file.label() + ": the source has " + bytes + " bytes, announced were " + file.bytes());
    }
    String sha256 = file.sha256() == null ? linkedSha256(answer) : file.sha256();
    return new SourceVersion(answer.address(), bytes, ranges, strongEtag(answer), sha256);
  }

  /** What must be equal for parts of two downloads to fit together; empty when nothing says so. */
  String identity() {
    return !etag.isEmpty() ? etag : sha256 == null ? "" : "sha256:" + sha256;
  }

  /**
   * The size of the whole file from an answer with a part of it.
   *
   * @return -1 when the part does not begin where it should
   */
  static long total(Answer answer, long start) {
    Matcher range = CONTENT_RANGE.matcher(answer.header("content-range").orElse(""));
    return range.matches() && Long.parseLong(range.group(1)) == start
        ? Long.parseLong(range.group(2))
        : -1;
  }

  static long length(Answer answer) {
    return answer
        .header("content-length")
        .filter(n -> n.matches("\\d{1,18}"))
        .map(Long::parseLong)
        .orElse(-1L);
  }

  static String strongEtag(Answer answer) {
    String etag = answer.header("etag").orElse("").strip();
    return etag.startsWith("W/") || etag.length() > 256 ? "" : etag;
  }

  /** Hugging Face gives the digest of a large file in a header of its first answer. */
  private static @Nullable String linkedSha256(Answer answer) {
    String linked = answer.firstHeader("x-linked-etag").orElse("").replace("\"", "").strip();
    String lower = linked.toLowerCase(Locale.ROOT);
    return SHA256.matcher(lower).matches() ? lower : null;
  }
}
