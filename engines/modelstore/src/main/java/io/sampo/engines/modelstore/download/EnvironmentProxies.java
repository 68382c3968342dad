package io.sampo.engines.modelstore.download;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Proxies as the environment names them: {@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code ALL_PROXY}
 * and {@code NO_PROXY}, in lower case too, which wins. {@code NO_PROXY} lists hosts parted by
 * commas: a name stands for itself and all names below it, {@code *} for every host; a port narrows
 * it. This machine's own addresses take no proxy.
 */
public final class EnvironmentProxies extends ProxySelector {

  private static final int USUAL_PORT = 80;

  private final Map<String, String> environment;
  private final ProxySelector otherwise;

  /**
   * Reads the variables.
   *
   * @param otherwise decides when no variable names a proxy
   * @throws IllegalArgumentException when a value is no proxy this client can use; the message
   *     names the variable and says what to write, and shows no password
   */
  public EnvironmentProxies(Map<String, String> environment, ProxySelector otherwise) {
    this.environment = Map.copyOf(environment);
    this.otherwise = otherwise;
    List.of("http", "https").forEach(this::proxy);
  }

  @Override
  public List<Proxy> select(URI address) {
    Proxy proxy = proxy(String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT));
    if (proxy == null) {
      return otherwise.select(address);
    }
    return List.of(isExempt(address) ? Proxy.NO_PROXY : proxy);
  }

  @Override
  public void connectFailed(URI address, SocketAddress proxy, IOException failure) {
    // The failure reaches whoever sent the request.
  }

  private @Nullable Proxy proxy(String scheme) {
    for (String name : List.of(scheme + "_proxy", "all_proxy")) {
      for (String variable : List.of(name, name.toUpperCase(Locale.ROOT))) {
        String value = environment.getOrDefault(variable, "").strip();
        if (!value.isEmpty()) {
          return parse(variable, value);
        }
      }
    }
    return null;
  }

  private static Proxy parse(String variable, String value) {
    try {
      URI address = URI.create(value.contains("://") ? value : "http://" + value);
      if ("http".equalsIgnoreCase(address.getScheme())
          && address.getHost() != null
          && address.getRawUserInfo() == null) {
        int port = address.getPort() < 0 ? USUAL_PORT : address.getPort();
        return new Proxy(
            Proxy.Type.HTTP, InetSocketAddress.createUnresolved(address.getHost(), port));
      }
    } catch (IllegalArgumentException broken) {
      // Refused below, with the rule.
    }
    throw new IllegalArgumentException(
        variable + ": expected http://HOST:PORT, without a user name or password");
  }

  private boolean isExempt(URI address) {
    String host = String.valueOf(address.getHost()).toLowerCase(Locale.ROOT);
    if (host.equals("localhost") || host.equals("[::1]") || host.startsWith("127.")) {
      return true;
    }
    String listed = environment.getOrDefault("no_proxy", environment.getOrDefault("NO_PROXY", ""));
    return Arrays.stream(listed.split(","))
        .map(entry -> entry.strip().toLowerCase(Locale.ROOT))
        .anyMatch(entry -> covers(entry, host, address.getPort()));
  }

  private static boolean covers(String entry, String host, int port) {
    if (entry.equals("*")) {
      return true;
    }
    int colon = entry.lastIndexOf(':');
    boolean withPort = colon > 0 && entry.substring(colon + 1).matches("\\d+");
    String name = (withPort ? entry.substring(0, colon) : entry).replaceFirst("^\\*?\\.", "");
    boolean samePort = !withPort || entry.substring(colon + 1).equals("" + port);
    return !name.isEmpty() && samePort && (host.equals(name) || host.endsWith("." + name));
  }
}
