package io.sampo.cluster.cli;

import io.sampo.engines.modelstore.download.Sizes;
import io.sampo.engines.modelstore.store.ModelReference;
import io.sampo.engines.modelstore.store.StoredModel;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Brings a model to this machine. */
@Command(
    name = "pull",
    description =
        "Download a model, or its newest version; goes on where an earlier try broke off.",
    footer = {
      "",
      "Examples:",
      "  sampo pull stories15m",
      "  sampo pull hf:bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M",
      "  HF_TOKEN=hf_… sampo pull hf:ORG/PRIVATE-GGUF",
      "  sampo pull https://example.org/model.gguf"
    })
final class PullVerb implements Callable<Integer> {

  private final Surroundings surroundings;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "MODEL", description = "stories15m, hf:ORG/REPO:QUANT or https://…")
  private String model = "";

  PullVerb(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    ModelShelf shelf = ModelShelf.of(spec, surroundings);
    ModelReference reference =
        ModelShelf.stored(model, "; 'sampo serve " + model + "' uses it where it lies");
    StoredModel stored = shelf.store().pull(reference, shelf.progress());
    surroundings
        .out()
        .printf("%s, %s: %s%n", stored.name(), Sizes.text(stored.bytes()), stored.file());
    return 0;
  }
}
