package io.sampo.cluster.gateway.http;

import io.sampo.actors.wire.ErrorCode;
import io.sampo.actors.wire.Failure;
import io.sampo.cluster.gateway.json.Refusal;
import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpProtocols;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * Keeps web pages of other sites out. A page that rebinds its own name to this address still sends
 * that name as {@code Host}; a page that posts across origins sends its own as {@code Origin}.
 * Ports are not compared, because a forwarded port differs from ours and adds nothing.
 */
public final class HostPolicy {

  private static final Pattern ADDRESS =
      Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9A-Fa-f:.]+]");
  private static final Pattern PORT = Pattern.compile(":\\d{0,5}$");

  private final Set<String> names = new HashSet<>(Set.of("localhost", "127.0.0.1", "[::1]"));
  private final boolean everyAddress;

  /**
   * Knows the endpoint's names.
   *
   * @param bound address the endpoint is bound to; when it stands for all addresses, every literal
   *     address is let in, since rebinding needs a name
   * @param furtherNames other names it is reached by
   */
  public HostPolicy(String bound, Collection<String> furtherNames) {
    everyAddress = bound.equals("0.0.0.0") || bound.equals("::") || bound.equals("[::]");
    names.add(bound.contains(":") && !bound.startsWith("[") ? "[" + bound + "]" : bound);
    furtherNames.forEach(name -> names.add(name.toLowerCase(Locale.ROOT)));
  }

  public void check(HttpRequest request) {
    Optional<String> host =
        request.getHeader("host").map(HttpHeader::value).filter(h -> !h.isEmpty());
    if (host.isPresent()
        ? !known(host.get())
        : !request.protocol().equals(HttpProtocols.HTTP_1_0)) {
      throw new Refusal(
          new Failure(
              ErrorCode.MISDIRECTED_REQUEST,
              "This server does not answer for the host the request names.",
              null,
              0));
    }
    Optional<String> origin = request.getHeader("origin").map(HttpHeader::value);
    if (origin.isPresent() && !sameOrigin(origin.get(), host.orElse(""))) {
      throw new Refusal(
          new Failure(
              ErrorCode.ORIGIN_NOT_ALLOWED,
              "Requests from web pages of other origins are not allowed.",
              null,
              0));
    }
  }

  private boolean known(String host) {
    String name = PORT.matcher(host).replaceFirst("").toLowerCase(Locale.ROOT);
    return names.contains(name) || (everyAddress && ADDRESS.matcher(name).matches());
  }

  private static boolean sameOrigin(String origin, String host) {
    return origin.equalsIgnoreCase("http://" + host) || origin.equalsIgnoreCase("https://" + host);
  }
}
