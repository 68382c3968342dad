package io.sampo.cluster.cli.settings;

import io.sampo.cluster.membership.ClusterSettings;
import io.sampo.cluster.membership.ClusterTls;
import io.sampo.cluster.membership.Role;
import io.sampo.cluster.membership.Seed;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A node's place among others. */
final class ClusterFlags {

  private ClusterFlags() {}

  /** What {@code node} was asked to do; refuses what only a node of another role is told. */
  static Set<Role> roles(Layers layers) {
    Set<Role> roles = EnumSet.noneOf(Role.class);
    for (String word : layers.list(Flags.ROLE)) {
      roles.add(role(layers, word));
    }
    if (roles.isEmpty()) {
      throw new UsageException(
          "give --role gateway, --role engine or both; 'sampo serve' is both at once");
    }
    if (!roles.contains(Role.ENGINE)) {
      refuse(
          layers,
          Flags.OF_ENGINES,
          "only nodes that run models are told this; this one takes requests");
    } else if (!roles.contains(Role.GATEWAY)) {
      refuse(layers, Flags.OF_GATEWAYS, "only gateways are told this; this node runs models");
    }
    return roles;
  }

  private static Role role(Layers layers, String word) {
    for (Role role : Role.values()) {
      if (role.word().equals(word)) {
        return role;
      }
    }
    throw layers.find(Flags.ROLE).orElseThrow().refused("expected gateway, engine or both");
  }

  private static void refuse(Layers layers, List<Flag> flags, String rule) {
    for (Flag flag : flags) {
      layers
          .find(flag)
          .ifPresent(
              given -> {
                throw given.refused(rule);
              });
    }
  }

  static ClusterSettings settings(Layers layers, Set<Role> roles) {
    String host = layers.text(Flags.CLUSTER_HOST, "127.0.0.1");
    Path tls = tls(layers, Flags.CLUSTER_TLS);
    if (tls == null) {
      requireLoopback(
          layers,
          Flags.CLUSTER_HOST,
          host,
          "others could reach this address and nodes would let anybody in;"
              + " give --cluster-tls FOLDER or keep --cluster-host 127.0.0.1");
    }
    return new ClusterSettings(
        roles, host, layers.number(Flags.CLUSTER_PORT, 0, 65535, 0), seeds(layers), tls);
  }

  /** A folder of certificates that a flag names; null where it is not given. */
  static @Nullable Path tls(Layers layers, Flag flag) {
    Path folder = layers.path(flag).map(Path::toAbsolutePath).orElse(null);
    if (folder == null) {
      return null;
    }
    try {
      ClusterTls.read(folder);
      return folder;
    } catch (IOException unusable) {
      throw layers.find(flag).orElseThrow().refused(String.valueOf(unusable.getMessage()));
    }
  }

  static List<Seed> seeds(Layers layers) {
    List<Seed> seeds = new ArrayList<>();
    for (String text : layers.list(Flags.JOIN)) {
      try {
        seeds.add(Seed.parse(text));
      } catch (IllegalArgumentException e) {
        throw layers.find(Flags.JOIN).orElseThrow().refused(String.valueOf(e.getMessage()));
      }
    }
    return seeds;
  }

  static void requireLoopback(Layers layers, Flag flag, String host, String reason) {
    String place = layers.find(flag).map(Given::place).orElse(host);
    try {
      if (!InetAddress.getByName(host).isLoopbackAddress()) {
        throw new UsageException(place + ": " + reason);
      }
    } catch (UnknownHostException e) {
      throw new UsageException(place + ": no such address; give one of this machine's own");
    }
  }
}
