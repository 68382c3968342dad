package io.sampo.cluster.cli.doctor;

import io.sampo.cluster.membership.Seed;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** Whether other nodes are reached, and what one of them tells of all. */
final class ClusterChecks {

  private static final int CONNECT_MILLIS = 2000;
  private static final Duration MUCH_APART = Duration.ofSeconds(5);

  private ClusterChecks() {}

  /** Whether somebody listens at each address that the name of a node to join stands for. */
  static Check join(Seed seed) {
    String name = "join";
    InetAddress[] addresses;
    try {
      addresses = InetAddress.getAllByName(seed.host());
    } catch (UnknownHostException unknown) {
      return Check.fail(
          name, seed + ": there is no host of this name", "correct it, or ask who names hosts");
    }
    List<String> silent = new ArrayList<>();
    for (InetAddress address : addresses) {
      String trouble = trouble(new InetSocketAddress(address, seed.port()));
      if (!trouble.isEmpty()) {
        silent.add(address.getHostAddress() + " " + trouble);
      }
    }
    if (silent.isEmpty()) {
      return Check.ok(
          name, seed + ": " + addresses.length + (addresses.length == 1 ? " node" : " nodes"));
    }
    String found = seed + ": " + String.join(", ", silent);
    String advice = "start that node, or open its cluster port (not the one of HTTP) to this one";
    return silent.size() < addresses.length
        ? Check.warn(name, found, advice)
        : Check.fail(name, found, advice);
  }

  private static String trouble(InetSocketAddress at) {
    try (Socket socket = new Socket()) {
      socket.connect(at, CONNECT_MILLIS);
      return "";
    } catch (ConnectException refused) {
      return "refuses connections";
    } catch (IOException silent) {
      return "does not answer";
    }
  }

  /** What the node behind a listener for operators tells of its cluster. */
  static List<Check> nodes(AdminView admin, String ownVersion) {
    AdminView.Answer answer;
    try {
      answer = admin.look("nodes");
    } catch (IOException failure) {
      return List.of(
          Check.fail(
              "cluster",
              admin.address() + ": " + failure.getMessage(),
              "give the address that a node tells as 'admin on', and with keys --key-file"));
    }
    return List.of(members(answer.json()), versions(answer.json(), ownVersion), clocks(answer));
  }

  private static Check members(JsonNode told) {
    String ready =
        told.get("nodes")
            .valueStream()
            .map(node -> node.get("node").stringValue() + " " + node.get("readiness").stringValue())
            .collect(Collectors.joining(", "));
    List<String> silent =
        told.get("errors")
            .valueStream()
            .map(
                error -> error.get("node").stringValue() + ": " + error.get("reason").stringValue())
            .toList();
    if (!silent.isEmpty()) {
      return Check.fail(
          "cluster",
          ready + "; no answer from " + String.join(", ", silent),
          "look at those nodes; what does not come back is left by the cluster");
    }
    boolean all =
        told.get("nodes")
            .valueStream()
            .allMatch(node -> node.get("readiness").stringValue().equals("ready"));
    return all
        ? Check.ok("cluster", ready)
        : Check.warn("cluster", ready, "see the logs of those that are not ready");
  }

  private static Check versions(JsonNode told, String ownVersion) {
    Map<String, Integer> versions = new TreeMap<>();
    told.get("nodes")
        .forEach(node -> versions.merge(node.get("version").stringValue(), 1, Integer::sum));
    String found =
        versions.entrySet().stream()
            .map(of -> of.getKey() + " on " + of.getValue())
            .collect(Collectors.joining(", "));
    return versions.keySet().equals(Set.of(ownVersion))
        ? Check.ok("versions", found)
        : Check.warn(
            "versions",
            found + "; here " + ownVersion,
            "bring all nodes to one version; in between, only during an update");
  }

  /** To the second, as HTTP tells it. */
  private static Check clocks(AdminView.Answer answer) {
    Duration apart = Duration.between(answer.date(), Instant.now()).abs();
    String found = apart.toSeconds() + " s from that node's";
    return apart.compareTo(MUCH_APART) < 0
        ? Check.ok("clocks", found)
        : Check.warn("clocks", found, "have both machines' clocks set by NTP");
  }
}
