package io.sampo.ops.console;

import io.sampo.ops.admin.AdminApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which node to speak to, and how; the connection is kept while a shell runs. */
final class Target implements AutoCloseable {

  @Option(
      names = {"-p", "--pid"},
      paramLabel = "PID",
      description = "A node on this machine. Default: one that runs here.")
  private @Nullable String pid;

  @Option(
      names = {"-H", "--host"},
      paramLabel = "HOST:PORT",
      description = "A node with --jmx-port, over the network.")
  private @Nullable String host;

  @Option(
      names = "--tls",
      paramLabel = "FOLDER",
      description = "Speak TLS; ca.crt is trusted, tls.crt and tls.key are shown where they are.")
  private @Nullable Path tls;

  @Option(
      names = "--key-file",
      paramLabel = "FILE",
      description = "File that holds a read or admin key. Default: the variable SAMPO_KEY.")
  private @Nullable Path keyFile;

  private @Nullable Connection open;

  AdminApi api() {
    if (open == null) {
      open = connect();
    }
    return open.api();
  }

  private Connection connect() {
    if (host != null) {
      return Connection.toHost(host, tls, key());
    }
    return Connection.toProcess(pid == null ? LocalNodes.any().pid() : pid);
  }

  private @Nullable String key() {
    if (keyFile == null) {
      return System.getenv("SAMPO_KEY");
    }
    try {
      return Files.readString(keyFile).strip();
    } catch (IOException unreadable) {
      throw new ConsoleException("cannot read the key in " + keyFile, unreadable);
    }
  }

  /** What the prompt shows. */
  String name() {
    return host != null ? host : "" + pid;
  }

  @Override
  public void close() {
    if (open != null) {
      open.close();
      open = null;
    }
  }
}
