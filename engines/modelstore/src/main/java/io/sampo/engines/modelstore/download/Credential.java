package io.sampo.engines.modelstore.download;

import java.net.URI;
import java.util.Locale;

/**
 * A bearer token and the one origin (scheme, host, port) it may be sent to.
 *
 * @param token never shown
 */
public record Credential(URI origin, String token) {

  /** Whether a request to this address may carry the token. */
  boolean mayGoTo(URI address) {
    return originOf(origin).equals(originOf(address));
  }

  private static String originOf(URI address) {
    String scheme = String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT);
    String host = String.valueOf(address.getHost()).toLowerCase(Locale.ROOT);
    int port = address.getPort() >= 0 ? address.getPort() : scheme.equals("https") ? 443 : 80;
    return scheme + "://" + host + ":" + port;
  }

  @Override
  public String toString() {
    return "Credential[" + originOf(origin) + "]";
  }
}
