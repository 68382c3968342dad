package io.sampo.cluster.membership;

import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A node's place in its cluster.
 *
 * @param roles what it does; one at least
 * @param host its address for other nodes: numeric, or a name of this machine
 * @param port for other nodes; 0 lets the system choose
 * @param join nodes to join, one of which must be there; without any the node forms a cluster of
 *     its own
 * @param tls folder of the files that nodes prove themselves by, see {@link ClusterTls}; null lets
 *     everybody in, which only a loopback address allows
 */
public record ClusterSettings(
    Set<Role> roles, String host, int port, List<Seed> join, @Nullable Path tls) {

  public ClusterSettings {
    if (roles.isEmpty()) {
      throw new IllegalArgumentException("a node needs a role");
    }
    roles = Set.copyOf(roles);
    join = List.copyOf(join);
  }

  public boolean has(Role role) {
    return roles.contains(role);
  }

  /**
   * The address that other nodes know this one by, whatever name was given.
   *
   * @throws UncheckedIOException when the name stands for nothing
   */
  public String numericHost() {
    try {
      return Seeds.numeric(InetAddress.getByName(host));
    } catch (UnknownHostException unknown) {
      throw new UncheckedIOException("there is no address of the name " + host, unknown);
    }
  }

  public List<String> roleWords() {
    return Role.words(roles);
  }
}
