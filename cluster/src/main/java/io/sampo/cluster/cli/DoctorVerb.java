package io.sampo.cluster.cli;

import io.sampo.cluster.cli.doctor.Check;
import io.sampo.cluster.cli.doctor.Check.Status;
import io.sampo.cluster.cli.doctor.Doctor;
import io.sampo.cluster.cli.settings.Flag;
import io.sampo.cluster.cli.settings.Flags;
import io.sampo.cluster.cli.settings.Layers;
import io.sampo.engines.modelstore.download.Sha256;
import io.sampo.engines.modelstore.gguf.GgufRejectedException;
import io.sampo.engines.modelstore.gguf.GgufValidator;
import io.sampo.engines.modelstore.store.StoredModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
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
  static final List<Flag> FLAGS = List.of(Flags.HOST, Flags.PORT, Flags.DATA_DIR);

  private final Surroundings surroundings;

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "As a JSON array of checks.")
  private boolean json;

  @Option(names = "--verify", description = "Read every stored model and compare its SHA-256.")
  private boolean verify;

  DoctorVerb(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.spec = CommandSpec.create();
  }

  @Override
  public Integer call() throws IOException {
    Layers layers = Layers.withoutFile(FlagOptions.given(spec), surroundings.environment());
    Path dataFolder = layers.dataFolder();
    Doctor doctor =
        new Doctor(
            layers.text(Flags.HOST, "127.0.0.1"),
            layers.number(Flags.PORT, 0, 65535, 8080),
            dataFolder,
            Path.of(System.getProperty("sampo.native.dir", "lib/native")),
            Boolean.getBoolean("sampo.clone"),
            damagedModels(new ModelShelf(surroundings, dataFolder).store().list()));
    List<Check> checks = doctor.examine();
    if (json) {
      Json.print(surroundings.out(), checks);
    } else {
      checks.forEach(this::show);
    }
    return checks.stream().anyMatch(check -> check.status() == Status.FAIL) ? 1 : 0;
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
            "%s  %-11s  %s%n", surroundings.coloured(colour, status), check.name(), check.found());
    if (!check.advice().isEmpty()) {
      surroundings.out().println("                   → " + check.advice());
    }
  }
}
