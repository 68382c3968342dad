package io.sampo.cluster.membership;

/**
 * Where a node to join is expected.
 *
 * @param host an address or a name; a name may stand for several nodes, as that of a headless
 *     service does
 */
public record Seed(String host, int port) {

  private static final int MOST = 65_535;

  /**
   * Reads {@code host:port}, where a numeric IPv6 address stands in brackets.
   *
   * @throws IllegalArgumentException when it is something else; the message is the rule
   */
  public static Seed parse(String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.contains(":")) {
      host = "";
    }
    if (host.isEmpty() || !text.substring(colon + 1).matches("\\d{1,5}")) {
      throw new IllegalArgumentException("expected HOST:PORT of a node's cluster address");
    }
    int port = Integer.parseInt(text.substring(colon + 1));
    if (port < 1 || port > MOST) {
      throw new IllegalArgumentException("expected a port from 1 to " + MOST);
    }
    return new Seed(host, port);
  }

  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
