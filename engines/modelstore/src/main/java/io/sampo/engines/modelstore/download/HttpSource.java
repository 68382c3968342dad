package io.sampo.engines.modelstore.download;

import io.sampo.engines.modelstore.ModelStoreException;
import io.sampo.engines.modelstore.ModelStoreException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * GET requests to untrusted servers. Redirects are followed here and not by the client, so that a
 * credential goes to its own origin only; answers are never inflated; an answer that is not a
 * success becomes one clear line. Safe for use by many threads.
 */
public final class HttpSource implements AutoCloseable {

  private static final int MAX_REDIRECTS = 8;

  /**
   * An answer whose body has not been read; whoever gets it closes the body.
   *
   * @param address where it came from after all redirects
   * @param hops the headers of every answer on the way, the last one's at the end
   */
  record Answer(URI address, int status, List<HttpHeaders> hops, InputStream body) {

    Optional<String> header(String name) {
      return hops.getLast().firstValue(name);
    }

    /** The header of the first answer on the way that has it. */
    Optional<String> firstHeader(String name) {
      return hops.stream().flatMap(hop -> hop.firstValue(name).stream()).findFirst();
    }
  }

  private final HttpClient client;
  private final DownloadSettings settings;
  private final @Nullable Credential credential;

  /**
   * @param proxies decides which proxy a request takes
   * @param credential sent to its own origin; null for none
   */
  public HttpSource(
      ProxySelector proxies, DownloadSettings settings, @Nullable Credential credential) {
    this.client =
        HttpClient.newBuilder()
            .proxy(proxies)
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(settings.connectDeadline())
            .build();
    this.settings = settings;
    this.credential = credential;
  }

  /**
   * Reads a small document whole.
   *
   * @param maxBytes more than that is a refusal
   * @param headers receives the headers of the answer
   * @throws ModelStoreException SOURCE_UNREACHABLE when there is no answer
   */
  public byte[] document(URI address, int maxBytes, List<HttpHeaders> headers)
      throws IOException, InterruptedException {
    Answer answer = reach(address);
    try (InputStream body = new StallGuard(answer.body(), settings.stallDeadline())) {
      headers.addAll(answer.hops());
      byte[] bytes = body.readNBytes(maxBytes + 1);
      if (bytes.length > maxBytes) {
        throw new ModelStoreException(
            Kind.SOURCE_INVALID, address.getHost() + " answers more than " + maxBytes + " bytes");
      }
      return bytes;
    }
  }

  private Answer reach(URI address) throws IOException, InterruptedException {
    try {
      return get(address, Map.of("Accept", "application/json"));
    } catch (ModelStoreException answered) {
      throw answered;
    } catch (IOException failure) {
      throw new ModelStoreException(
          Kind.SOURCE_UNREACHABLE,
          address.getHost()
              + " cannot be reached ("
              + failure.getClass().getSimpleName()
              + "): check the network, or set HTTPS_PROXY",
          failure);
    }
  }

  /**
   * Sends a GET and follows redirects.
   *
   * @return an answer with status 200 or 206
   * @throws ModelStoreException for every other answer
   * @throws IOException when the connection fails
   */
  Answer get(URI address, Map<String, String> headers) throws IOException, InterruptedException {
    List<HttpHeaders> hops = new ArrayList<>();
    URI at = address;
    for (int i = 0; i <= MAX_REDIRECTS; i++) {
      HttpResponse<InputStream> response = send(at, headers);
      hops.add(response.headers());
      int status = response.statusCode();
      if (status == 200 || status == 206) {
        refuseEncoded(response, at);
        return new Answer(at, status, hops, response.body());
      }
      response.body().close();
      if (!isRedirect(status)) {
        throw HttpFailure.of(status, at, credential != null);
      }
      at = target(at, response.headers());
    }
    throw new ModelStoreException(
        Kind.SOURCE_INVALID,
        address.getHost() + " redirects more than " + MAX_REDIRECTS + " times");
  }

  private HttpResponse<InputStream> send(URI address, Map<String, String> headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address)
            .timeout(settings.connectDeadline())
            .header("User-Agent", "sampo")
            .header("Accept-Encoding", "identity");
    headers.forEach(request::header);
    if (credential != null && credential.mayGoTo(address)) {
      request.header("Authorization", "Bearer " + credential.token());
    }
    return client.send(request.build(), BodyHandlers.ofInputStream());
  }

  private static void refuseEncoded(HttpResponse<InputStream> response, URI at) throws IOException {
    String encoding = response.headers().firstValue("content-encoding").orElse("identity");
    if (!encoding.equalsIgnoreCase("identity")) {
      response.body().close();
      throw new ModelStoreException(
          Kind.SOURCE_INVALID, at.getHost() + " sends the file encoded as " + encoding);
    }
  }

  private static boolean isRedirect(int status) {
    return switch (status) {
      case 301, 302, 303, 307, 308 -> true;
      default -> false;
    };
  }

  private static URI target(URI from, HttpHeaders headers) throws ModelStoreException {
    String location = headers.firstValue("location").orElse("");
    URI to;
    try {
      to = from.resolve(location);
    } catch (IllegalArgumentException broken) {
      throw new ModelStoreException(
          Kind.SOURCE_INVALID, from.getHost() + " redirects to no valid address", broken);
    }
    boolean web = "https".equals(to.getScheme()) || "http".equals(to.getScheme());
    boolean downgrade = "https".equals(from.getScheme()) && "http".equals(to.getScheme());
    if (location.isEmpty() || !web || to.getHost() == null || downgrade) {
      throw new ModelStoreException(
          Kind.SOURCE_INVALID, from.getHost() + " redirects to no address that can be trusted");
    }
    return to;
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
