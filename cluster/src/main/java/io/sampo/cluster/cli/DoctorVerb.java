package io.sampo.cluster.cli;

import io.sampo.cluster.cli.doctor.AdminView;
import io.sampo.cluster.cli.doctor.Bundle;
import io.sampo.cluster.cli.doctor.Check;
import io.sampo.cluster.cli.doctor.Check.Status;
import io.sampo.cluster.cli.doctor.Doctor;
import io.sampo.cluster.cli.settings.Flag;
import io.sampo.cluster.cli.settings.Flags;
import io.sampo.cluster.cli.settings.Layers;
import io.sampo.cluster.cli.settings.UsageException;
import io.sampo.cluster.node.Versions;
import io.sampo.engines.modelstore.download.Sha256;
import io.sampo.engines.modelstore.gguf.GgufRejectedException;
import io.sampo.engines.modelstore.gguf.GgufValidator;
import io.sampo.engines.modelstore.store.StoredModel;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says whether this machine is fit to serve, and what to do where it is not. */
@Command(
    name = "doctor",
    description = "Look at this machine: can it serve a model? Exit code 1 when something fails.")
final class DoctorVerb implements Callable<Integer> {

  /** The flags that change what is looked at. */
  static final List<Flag> FLAGS =
      List.of(
          Flags.HOST,
          Flags.PORT,
          Flags.ADMIN_HOST,
          Flags.ADMIN_PORT,
          Flags.CLUSTER_HOST,
          Flags.CLUSTER_PORT,
          Flags.KV_PORT,
          Flags.JOIN,
          Flags.DATA_DIR);

  private static final String LOOPBACK = "127.0.0.1";
  private static final int MOST_PORT = 65_535;

  private final Surroundings surroundings;

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "As a JSON array of checks.")
  private boolean json;

  @Option(names = "--verify", description = "Read every stored model and compare its SHA-256.")
  private boolean verify;

  @Option(
      names = "--admin",
      paramLabel = "URL",
      description =
          "Look at a running cluster too: what a node of it told as 'admin on', such as"
              + " http://127.0.0.1:8081.")
  private @Nullable URI admin;

  @Option(
      names = "--key-file",
      paramLabel = "FILE",
      description = "A read or admin key for it, in the first line.")
  private @Nullable Path keyFile;

  @Option(
      names = "--bundle",
      paramLabel = "FILE",
      description =
          "Also write all that is found into a new ZIP file for who helps: no keys, no prompts.")
  private @Nullable Path bundle;

  DoctorVerb(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.spec = CommandSpec.create();
  }

  @Override
  public Integer call() throws IOException {
    Layers layers = Layers.withoutFile(FlagOptions.given(spec), surroundings.environment());
    Path dataFolder = layers.dataFolder();
    AdminView view = admin == null ? null : new AdminView(address(admin), key());
    String version = Versions.all().getOrDefault("sampo", "unknown");
    Doctor doctor =
        new Doctor(
            ports(layers),
            dataFolder,
            Path.of(System.getProperty("sampo.native.dir", "lib/native")),
            Boolean.getBoolean("sampo.clone"),
            damagedModels(new ModelShelf(surroundings, dataFolder).store().list()),
            new Doctor.Neighbours(layers.seeds(), view, version));
    List<Check> checks = doctor.examine();
    if (json) {
      Json.print(surroundings.out(), checks);
    } else {
      checks.forEach(this::show);
    }
    if (bundle != null) {
      write(bundle, checks, view, dataFolder);
    }
    return checks.stream().anyMatch(check -> check.status() == Status.FAIL) ? 1 : 0;
  }

  /** What a node with these flags would listen on. */
  private static List<Doctor.Port> ports(Layers layers) {
    int port = layers.number(Flags.PORT, 0, MOST_PORT, 8080);
    String cluster = layers.text(Flags.CLUSTER_HOST, LOOPBACK);
    return List.of(
        new Doctor.Port("port", layers.text(Flags.HOST, LOOPBACK), port),
        new Doctor.Port(
            "admin-port",
            layers.text(Flags.ADMIN_HOST, LOOPBACK),
            layers.number(Flags.ADMIN_PORT, 0, MOST_PORT, 0)),
        new Doctor.Port(
            "cluster-port", cluster, layers.number(Flags.CLUSTER_PORT, 0, MOST_PORT, 0)),
        new Doctor.Port("kv-port", cluster, layers.number(Flags.KV_PORT, 0, MOST_PORT, 0)));
  }

  private static URI address(URI given) {
    if (given.getHost() == null || !List.of("http", "https").contains(given.getScheme())) {
      throw new UsageException("--admin " + given + ": expected http://HOST:PORT");
    }
    return given;
  }

  private String key() throws IOException {
    if (keyFile == null) {
      return "";
    }
    try (Stream<String> lines = Files.lines(keyFile)) {
      return lines.findFirst().orElse("").strip();
    }
  }

  private void write(Path file, List<Check> checks, @Nullable AdminView view, Path dataFolder)
      throws IOException {
    try {
      List<String> names =
          new Bundle()
              .checks(checks)
              .versions(Versions.all())
              .environment(surroundings.environment())
              .crashes(dataFolder)
              .cluster(view)
              .write(file);
      surroundings.err().println("wrote " + file + ": " + String.join(", ", names));
    } catch (FileAlreadyExistsException there) {
      throw new FailedException(file + " is there already; name another file", there);
    }
  }

  /** What is wrong with stored models, by name. */
  private Map<String, String> damagedModels(List<StoredModel> models) {
    Map<String, String> damaged = new TreeMap<>();
    for (StoredModel model : models) {
      try {
        GgufValidator.validate(model.file());
        if (verify && !model.digest().endsWith(Sha256.of(model.file()))) {
          damaged.put(model.name(), "differs from what was downloaded");
        }
      } catch (IOException | GgufRejectedException e) {
        damaged.put(model.name(), String.valueOf(e.getMessage()));
      }
    }
    return damaged;
  }

  private void show(Check check) {
    int colour =
        switch (check.status()) {
          case OK -> 32;
          case WARN -> 33;
          case FAIL -> 31;
        };
    String status = String.format("%-4s", check.status().name().toLowerCase(Locale.ROOT));
    surroundings
        .out()
        .printf(
            "%s  %-12s  %s%n", surroundings.coloured(colour, status), check.name(), check.found());
    if (!check.advice().isEmpty()) {
      surroundings.out().println("                    → " + check.advice());
    }
  }
}
