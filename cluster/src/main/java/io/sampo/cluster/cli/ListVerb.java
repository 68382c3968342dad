package io.sampo.cluster.cli;

import io.sampo.engines.modelstore.download.Sizes;
import io.sampo.engines.modelstore.store.StoredModel;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows which models are on this machine. */
@Command(name = "ls", description = "List the models on this machine.")
final class ListVerb implements Callable<Integer> {

  private record Listed(String name, String file, String digest, long bytes) {
    static Listed of(StoredModel model) {
      return new Listed(model.name(), model.file().toString(), model.digest(), model.bytes());
    }
  }

  private final Surroundings surroundings;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--json", description = "As a JSON array.")
  private boolean json;

  ListVerb(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException {
    List<StoredModel> models = ModelShelf.of(spec, surroundings).store().list();
    if (json) {
      Json.print(surroundings.out(), models.stream().map(Listed::of).toList());
    } else if (models.isEmpty()) {
      surroundings.err().println("no models yet; 'sampo pull stories15m' brings the default one");
    } else {
      int width = models.stream().mapToInt(model -> model.name().length()).max().orElse(0);
      for (StoredModel model : models) {
        surroundings
            .out()
            .printf("%-" + width + "s  %10s%n", model.name(), Sizes.text(model.bytes()));
      }
    }
    return 0;
  }
}
