package io.sampo.cluster.cli;

import io.sampo.cluster.node.Versions;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Shows what this Sampo is made of. */
@Command(name = "version", description = "Show the versions of Sampo, llama.cpp, Pekko and Java.")
final class VersionVerb implements Callable<Integer> {

  private final Surroundings surroundings;

  @Option(names = "--json", description = "As one JSON object.")
  private boolean json;

  VersionVerb(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() {
    Map<String, String> versions = Versions.all();
    if (json) {
      Json.print(surroundings.out(), versions);
    } else {
      versions.forEach((name, version) -> surroundings.out().printf("%-11s %s%n", name, version));
    }
    return 0;
  }
}
