package io.sampo.cluster.cli;

import io.sampo.cluster.cli.settings.Flag;
import io.sampo.cluster.cli.settings.Flags;
import io.sampo.cluster.cli.settings.Layers;
import io.sampo.cluster.cli.settings.ServeSettings;
import io.sampo.engines.modelstore.download.Sizes;
import io.sampo.engines.modelstore.gguf.GgufSummary;
import io.sampo.engines.spi.EngineProvider;
import io.sampo.engines.spi.LoadPlan;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what a model is and what serving it would take. */
@Command(
    name = "show",
    description =
        "Show what a model is, and the memory that serving it with these flags would take.")
final class ShowVerb implements Callable<Integer> {

  /** The flags that change the plan. */
  static final List<Flag> FLAGS =
      List.of(
          Flags.CTX_SIZE,
          Flags.PARALLEL,
          Flags.GPU_LAYERS,
          Flags.KV_TYPE,
          Flags.ENGINE,
          Flags.DATA_DIR);

  private record Shown(String name, String file, GgufSummary model, LoadPlan plan) {}

  private final Surroundings surroundings;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "MODEL", description = "A name that 'sampo ls' shows, or a path.")
  private String model = "";

  @Option(names = "--json", description = "As one JSON object.")
  private boolean json;

  ShowVerb(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException {
    Layers layers = Layers.withoutFile(FlagOptions.given(spec), surroundings.environment());
    EngineProvider engine = Engines.named(layers.text(Flags.ENGINE, "llamacpp"), layers);
    LocalModel local = new ModelShelf(surroundings, layers.dataFolder()).present(model);
    LoadPlan plan = engine.plan(local.file(), ServeSettings.engineSettings(layers));
    GgufSummary summary = local.summary().orElseThrow();
    if (json) {
      Json.print(
          surroundings.out(), new Shown(local.name(), local.file().toString(), summary, plan));
    } else {
      show(local, summary, plan);
    }
    return 0;
  }

  private void show(LocalModel local, GgufSummary summary, LoadPlan plan) {
    line("name", local.name() + (summary.name().isEmpty() ? "" : " (" + summary.name() + ")"));
    line("file", local.file().toString());
    line("licence", summary.license().isEmpty() ? "not given" : summary.license());
    line(
        "model", summary.architecture() + ", " + Counts.text(summary.parameters()) + " parameters");
    line("format", summary.fileType() + ", " + Sizes.text(summary.weightBytes()));
    line(
        "network",
        summary.layers()
            + " layers of width "
            + summary.embeddingLength()
            + ", "
            + summary.heads()
            + " heads, "
            + summary.kvHeads()
            + " of keys and values");
    line("vocabulary", summary.vocabularySize() + " tokens");
    line("chat", summary.hasChatTemplate() ? "yes" : "no template: it continues texts");
    line("context", "trained for " + summary.trainedContextTokens() + " tokens");
    line(
        "would serve",
        plan.maxSequences() + " sequences of " + plan.contextTokens() + " tokens each");
    line(
        "in memory",
        Sizes.text(plan.totalBytes())
            + " = weights "
            + Sizes.text(plan.weightBytes())
            + " + KV "
            + Sizes.text(plan.kvBytes())
            + " + compute "
            + Sizes.text(plan.computeBytes()));
  }

  private void line(String name, String text) {
    surroundings.out().printf("%-12s %s%n", name, text);
  }
}
