package io.sampo.ops.console;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import com.sun.tools.attach.VirtualMachineDescriptor;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import javax.management.remote.JMXServiceURL;

/** The nodes that run on this machine for this user, found by the JVM's attach mechanism. */
final class LocalNodes {

  private static final String MAIN = "io.sampo.cluster.cli.Sampo";
  private static final List<String> VERBS = List.of("serve", "node");

  private LocalNodes() {}

  /**
   * One node.
   *
   * @param command its verb and flags
   */
  record Found(String pid, String command) {}

  static List<Found> all() {
    return VirtualMachine.list().stream()
        .filter(LocalNodes::serves)
        .map(
            process ->
                new Found(process.id(), process.displayName().substring(MAIN.length()).strip()))
        .toList();
  }

  private static boolean serves(VirtualMachineDescriptor process) {
    String[] words = process.displayName().split(" ", 3);
    return words.length > 1
        && words[0].equals(MAIN)
        && VERBS.contains(words[1])
        && !process.displayName().contains(" --supervised");
  }

  /** The node to speak to where none was named: the only one, or the first. */
  static Found any() {
    List<Found> nodes = all();
    if (nodes.isEmpty()) {
      throw new ConsoleException(
          "no node of yours runs on this machine; start one with 'sampo serve', or give --host"
              + " HOST:PORT of a node with --jmx-port");
    }
    return nodes.getFirst();
  }

  /** Where a process lets JMX clients of this machine in; opens that way where it is closed. */
  static JMXServiceURL address(String pid) throws IOException {
    try {
      VirtualMachine process = VirtualMachine.attach(pid);
      try {
        return new JMXServiceURL(process.startLocalManagementAgent());
      } finally {
        process.detach();
      }
    } catch (AttachNotSupportedException | IOException refused) {
      String known = all().stream().map(Found::pid).collect(Collectors.joining(", "));
      throw new ConsoleException(
          "cannot attach to process "
              + pid
              + " (it must be a node of the same user"
              + (known.isEmpty() ? "" : "; there are: " + known)
              + ")",
          refused);
    }
  }
}
