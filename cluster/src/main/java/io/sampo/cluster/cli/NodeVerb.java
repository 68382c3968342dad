package io.sampo.cluster.cli;

import io.sampo.cluster.cli.settings.Flags;
import io.sampo.cluster.cli.settings.Layers;
import io.sampo.cluster.cli.settings.ServeSettings;
import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Starts one node of a cluster of several, and ends when it is told to stop. */
@Command(
    name = "node",
    description = {
      "Start one node of a cluster: a gateway, which takes requests, or an engine node, which runs"
          + " models for the gateways. Runs until Ctrl-C or SIGTERM, which lets answers end or go"
          + " on elsewhere.",
      ""
    },
    customSynopsis = "sampo node --role gateway|engine [--join HOST:PORT,…] [FLAGS]",
    synopsisHeading = "Usage: ",
    optionListHeading = "%n",
    footer = {
      "",
      "Each model runs on every engine node, one replica on each; the flags of an engine node",
      "(--threads, --gpu-layers, …) say how there. An engine node has no API: on its HTTP port it",
      "answers /health, /live, /ready and /version, for probes.",
      "",
      "Environment and --config as for 'sampo serve'.",
      "",
      "Examples, a cluster on one machine:",
      "  sampo node --role gateway --cluster-port 7355",
      "  sampo node --role engine --port 0 --join 127.0.0.1:7355 --threads 2",
      "  sampo node --role engine --port 0 --join 127.0.0.1:7355 --threads 4",
      "  sampo node --role gateway --port 8090 --join 127.0.0.1:7355"
    })
final class NodeVerb implements Callable<Integer> {

  private final Surroundings surroundings;

  @Spec private CommandSpec spec = CommandSpec.create();

  NodeVerb(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Instant begun = Instant.now();
    Layers layers = Layers.of(FlagOptions.given(spec), surroundings.environment(), Flags.NODE);
    ServeSettings asked = ServeSettings.from(layers);
    if (layers.on(Flags.SUPERVISED)) {
      return new Supervisor(surroundings, FlagOptions.words(spec)).run();
    }
    return new NodeRun(surroundings, layers, begun).run(asked);
  }
}
