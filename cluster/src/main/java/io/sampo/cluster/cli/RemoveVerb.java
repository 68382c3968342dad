package io.sampo.cluster.cli;

import io.sampo.engines.modelstore.store.ModelReference;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Removes a model from the store. */
@Command(
    name = "rm",
    description = "Remove a downloaded model; files that another model shares stay.")
final class RemoveVerb implements Callable<Integer> {

  private final Surroundings surroundings;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "MODEL", description = "A name that 'sampo ls' shows.")
  private String model = "";

  RemoveVerb(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    ModelReference reference =
        ModelShelf.stored(model, " and not in the store; delete it yourself");
    ModelShelf shelf = ModelShelf.of(spec, surroundings);
    if (!shelf.store().remove(reference.name())) {
      throw new FailedException(
          reference.name() + " is not on this machine; 'sampo ls' lists what is");
    }
    surroundings.out().println("removed " + reference.name());
    return 0;
  }
}
