package io.sampo.cluster.membership;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The nodes to join, as names and as addresses. Every method waits for the network. */
final class Seeds {

  private static final int LOOK_MILLIS = (int) Duration.ofSeconds(2).toMillis();

  private final List<Seed> seeds;

  Seeds(List<Seed> seeds) {
    this.seeds = seeds;
  }

  /**
   * What the names stand for now, in the order they are given in; the addresses of one name are
   * sorted, so that all nodes agree which is the first. Names that stand for nothing are left out.
   */
  Set<InetSocketAddress> addresses() {
    Set<InetSocketAddress> addresses = new LinkedHashSet<>();
    for (Seed seed : seeds) {
      addresses.addAll(addresses(seed));
    }
    return addresses;
  }

  private static List<InetSocketAddress> addresses(Seed seed) {
    try {
      return Arrays.stream(InetAddress.getAllByName(seed.host()))
          .sorted((a, b) -> Arrays.compareUnsigned(a.getAddress(), b.getAddress()))
          .map(address -> new InetSocketAddress(address, seed.port()))
          .toList();
    } catch (UnknownHostException unknown) {
      return List.of();
    }
  }

  /** As nodes are known to each other; a numeric IPv6 address stands in brackets. */
  static String numeric(InetAddress address) {
    String text = address.getHostAddress();
    return text.contains(":") ? "[" + text + "]" : text;
  }

  /** What is found where the nodes should be, in a few words for each. */
  String found() {
    List<String> found = new ArrayList<>();
    for (Seed seed : seeds) {
      List<InetSocketAddress> addresses = addresses(seed);
      if (addresses.isEmpty()) {
        found.add("there is no host of the name " + seed.host());
      }
      addresses.forEach(address -> found.add(found(seed, address)));
    }
    return String.join("; ", found);
  }

  /** Whether the machine of a node says that no process listens there. */
  static boolean nobodyListens(Seed node, Duration limit) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(node.host(), node.port()), (int) limit.toMillis());
      return false;
    } catch (ConnectException refused) {
      return true;
    } catch (IOException unknown) {
      return false;
    }
  }

  private static String found(Seed seed, InetSocketAddress address) {
    try (Socket socket = new Socket()) {
      socket.connect(address, LOOK_MILLIS);
      return seed
          + " is no node that takes this one: give its cluster port (not the one of HTTP) and the"
          + " same TLS settings as it has";
    } catch (ConnectException refused) {
      return "nobody listens at " + seed;
    } catch (IOException silent) {
      return seed + " does not answer (" + silent.getMessage() + ")";
    }
  }
}
