package io.sampo.cluster.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sampo.cluster.cli.settings.UsageException;
import io.sampo.cluster.gateway.http.KeyFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a key: prints it once, and keeps what it is recognised by. */
@Command(
    name = "key",
    description = {
      "Make a key and append its digest to a file of --api-key-file, which running nodes read"
          + " again.",
      "The key is printed once and kept nowhere."
    })
final class KeyVerb implements Callable<Integer> {

  private static final int KEY_BYTES = 32;
  private static final List<String> ROLES = List.of("infer", "read", "admin");

  private final Surroundings surroundings;

  @Parameters(paramLabel = "FILE", description = "The file; made for its owner alone if missing.")
  private Path file = Path.of("keys");

  @Option(
      names = "--role",
      paramLabel = "infer|read|admin",
      defaultValue = "infer",
      description = "infer: have requests answered; read: metrics and looks; admin: everything.")
  private String role = "infer";

  @Option(
      names = "--name",
      paramLabel = "NAME",
      defaultValue = "default",
      description = "What the log calls its owner: letters, digits, '-', '_' and '.'.")
  private String name = "default";

  KeyVerb(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException {
    if (!ROLES.contains(role)) {
      throw new UsageException("--role " + role + ": expected one of " + String.join(", ", ROLES));
    }
    if (!name.matches("[A-Za-z0-9._-]{1,64}")) {
      throw new UsageException("--name " + name + ": expected letters, digits, '-', '_' and '.'");
    }
    byte[] random = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(random);
    String key = "sk-" + HexFormat.of().formatHex(random);
    if (Files.notExists(file)) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    Files.writeString(file, KeyFile.line(role, key, name) + "\n", UTF_8, StandardOpenOption.APPEND);
    surroundings.out().println(key);
    return 0;
  }
}
