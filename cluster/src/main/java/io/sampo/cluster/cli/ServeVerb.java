package io.sampo.cluster.cli;

import io.sampo.cluster.cli.settings.Flags;
import io.sampo.cluster.cli.settings.Layers;
import io.sampo.cluster.cli.settings.ServeSettings;
import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Serves one model until it is told to stop. */
@Command(
    name = "serve",
    description = {
      "Serve a model over an OpenAI-compatible endpoint. Runs until Ctrl-C or SIGTERM, which lets"
          + " running answers end.",
      ""
    },
    customSynopsis = "sampo serve [MODEL] [FLAGS]",
    synopsisHeading = "Usage: ",
    parameterListHeading = "%n",
    optionListHeading = "%n",
    footer = {
      "",
      "A model is stories15m, a path, hf:ORG/REPO:QUANT or https://…; it is downloaded once.",
      "",
      "Each flag can also be set in the environment, as SAMPO_ and its name (SAMPO_CTX_SIZE=8K),",
      "and in the file of --config (ctx-size = 8K; model = stories15m). Flags win over the",
      "environment, which wins over the file.",
      "",
      "Examples:",
      "  sampo serve",
      "  sampo serve hf:bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M --ctx-size 8K --parallel 4",
      "  sampo serve ./model.gguf --host 0.0.0.0 --api-key-file keys.txt",
      "  sampo serve ./model.gguf --parallel 16 --inter-token-millis 100 --retain-tokens 32K",
      "  SAMPO_PORT=9000 sampo serve --config /etc/sampo.conf"
    })
final class ServeVerb implements Callable<Integer> {

  private final Surroundings surroundings;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      description = "The model to serve. Default stories15m, 15 million parameters.")
  private @Nullable String model;

  ServeVerb(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Instant begun = Instant.now();
    Layers layers = Layers.of(FlagOptions.given(spec), surroundings.environment(), Flags.SERVE);
    ServeSettings asked = ServeSettings.from(layers, model);
    if (layers.on(Flags.SUPERVISED)) {
      return new Supervisor(surroundings, FlagOptions.words(spec)).run();
    }
    return new NodeRun(surroundings, layers, begun).run(asked);
  }
}
