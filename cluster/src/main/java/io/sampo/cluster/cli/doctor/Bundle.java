package io.sampo.cluster.cli.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * A file to send to who helps: what {@code doctor} found, the versions, Sampo's own variables, the
 * frames of crashes and, of a running cluster, its figures.
 *
 * <p>Everything in it is named here. No key, no prompt, no answer, no request, no session and no
 * log goes in, and of crash reports, which hold raw memory, only lines of known kinds.
 */
public final class Bundle {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int MOST_CRASHES = 5;

  /** What operators see that names no user and nothing that users say. */
  private static final List<String> LOOKS =
      List.of(
          "nodes", "replicas", "models", "queue", "kv", "settings?node=all", "threads?node=all");

  private static final Pattern SECRET =
      Pattern.compile("KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", Pattern.CASE_INSENSITIVE);

  /** Why and where, and the frames: the rest of a report is memory. */
  private static final Pattern CRASH_LINE =
      Pattern.compile("(#|[VCJjvA] +[\\[~]?|siginfo:|vm_info:|JRE version:|Java VM:|Host:).*");

  private final Map<String, String> files = new TreeMap<>();

  /** What was found on this machine. */
  public Bundle checks(List<Check> checks) {
    return with("doctor.json", JSON.writeValueAsString(checks));
  }

  public Bundle versions(Map<String, String> versions) {
    return with("versions.json", JSON.writeValueAsString(versions));
  }

  /** The variables that are Sampo's; of those that may be secret, that they are set. */
  public Bundle environment(Map<String, String> environment) {
    return with(
        "environment.txt",
        new TreeMap<>(environment)
            .entrySet().stream()
                .filter(variable -> variable.getKey().startsWith("SAMPO_"))
                .map(variable -> variable.getKey() + "=" + shown(variable) + "\n")
                .collect(Collectors.joining()));
  }

  private static String shown(Map.Entry<String, String> variable) {
    String name = variable.getKey();
    boolean secret = SECRET.matcher(name).find() && !name.endsWith("_FILE");
    return secret ? "(not shown)" : variable.getValue();
  }

  /**
   * The latest crashes of nodes with this data folder.
   *
   * @throws IOException when one cannot be read
   */
  public Bundle crashes(Path dataFolder) throws IOException {
    Path folder = dataFolder.resolve("crashes");
    if (!Files.isDirectory(folder)) {
      return this;
    }
    try (Stream<Path> found = Files.list(folder)) {
      List<Path> latest =
          found
              .filter(file -> file.getFileName().toString().endsWith(".log"))
              .sorted((a, b) -> Long.compare(b.toFile().lastModified(), a.toFile().lastModified()))
              .limit(MOST_CRASHES)
              .toList();
      for (Path file : latest) {
        with("crashes/" + file.getFileName(), frames(file));
      }
    }
    return this;
  }

  private static String frames(Path file) throws IOException {
    try (Stream<String> lines = Files.lines(file, UTF_8)) {
      return lines
          .filter(line -> CRASH_LINE.matcher(line).matches())
          .map(line -> line + "\n")
          .collect(Collectors.joining());
    } catch (UncheckedIOException unreadable) {
      if (unreadable.getCause() instanceof CharacterCodingException) {
        return "not text\n";
      }
      throw unreadable;
    }
  }

  /** What a node tells of its cluster; what it does not tell stands there with the reason. */
  public Bundle cluster(@Nullable AdminView admin) {
    if (admin == null) {
      return this;
    }
    for (String look : LOOKS) {
      String name = "cluster/" + look.replaceFirst("\\?.*", "") + ".json";
      try {
        with(name, admin.look(look).json().toString());
      } catch (IOException failure) {
        with(name, JSON.writeValueAsString(Map.of("error", String.valueOf(failure.getMessage()))));
      }
    }
    try {
      with("cluster/metrics.txt", admin.metrics());
    } catch (IOException failure) {
      with("cluster/metrics.txt", "# " + failure.getMessage() + "\n");
    }
    return this;
  }

  private Bundle with(String name, String text) {
    files.put(name, text);
    return this;
  }

  /**
   * Writes it, for its owner alone.
   *
   * @return the names of what is in it
   * @throws FileAlreadyExistsException when there is such a file
   */
  public List<String> write(Path file) throws IOException {
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (OutputStream out = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(out, UTF_8)) {
      for (Map.Entry<String, String> entry : files.entrySet()) {
        zip.putNextEntry(new ZipEntry("sampo/" + entry.getKey()));
        zip.write(entry.getValue().getBytes(UTF_8));
        zip.closeEntry();
      }
    }
    return List.copyOf(files.keySet());
  }
}
